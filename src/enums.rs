//! The enums that Rust and JavaScript share. They are declared here alone: `src/js/enums.js` is written from
//! these declarations by `ENUMS=write cargo test --lib enums`, and a test compares the two.

/// Declares enums whose variants are numbered from 0, with `from_number`, which gives the last variant for a
/// number that no other has; and, for the test, a list of them all.
macro_rules! shared {
    ($(
        $(#[$doc:meta])*
        $visibility:vis enum $name:ident ($prefix:literal) {
            $($(#[$variant_doc:meta])* $variant:ident,)+
        }
    )+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            #[repr(u8)]
            $visibility enum $name {
                $($(#[$variant_doc])* $variant,)+
            }

            impl $name {
                /// The variant of a number; the last one for a number that is none.
                pub const fn from_number(number: u32) -> Self {
                    let mut found;
                    $(
                        found = Self::$variant;
                        if number == found as u32 {
                            return found;
                        }
                    )+
                    found
                }
            }
        )+

        /// Prefix, variant and number of all of them.
        #[cfg(test)]
        const ALL: &[(&str, &str, u8)] = &[
            $($(($prefix, stringify!($variant), $name::$variant as u8),)+)+
        ];
    };
}

shared! {
    /// The result of a race in JavaScript: a request, a call of the application, a delay.
    pub enum RaceKind ("RACE") {
        /// It resolved to a value.
        Resolved,
        /// The response is not the result of the request.
        Refused,
        /// The timeout has passed.
        TimedOut,
        /// The caller's AbortSignal aborted it.
        Aborted,
        /// It failed during the response.
        Interrupted,
        /// There is no `fetch`.
        NoFetch,
        /// It failed.
        Failed,
    }

    /// The expected response to a request.
    pub enum Expected ("EXPECTED") {
        /// An empty body, or any JSON.
        Nothing,
        /// The entry of the requested key.
        Entry,
        /// The entry of the requested key, or a 404.
        Found,
        /// The entries of many keys.
        Entries,
        /// What is retained of the key that was asked for.
        History,
        /// A revision.
        PutResult,
        /// A list of keys.
        Keys,
        /// A bucket's settings and state.
        BucketInfo,
        /// A list of buckets.
        Buckets,
        /// A list of buckets, or a 403.
        Connected,
    }

    /// What an application passes in as an argument or option. One digit each.
    pub enum SettingKind ("SETTING") {
        /// Undefined or null.
        Unset,
        /// True or false.
        Bool,
        /// A number.
        Number,
        /// A string.
        Text,
        /// A string that is not valid Unicode.
        IllFormed,
        /// An array.
        List,
        /// An object, whose members are options.
        Object,
        /// A function.
        Function,
        /// An AbortSignal.
        Signal,
        /// Anything else.
        Other,
    }

    /// What happens to a socket.
    pub enum SocketKind ("SOCKET") {
        /// It is open.
        Opened,
        /// A frame cannot be used.
        BadFrame,
        /// A frame says that a key was written.
        Put,
        /// A frame says that a key was deleted.
        Deleted,
        /// The replay of a subscription begins.
        Replay,
        /// Changes of this replay follow.
        Changes,
        /// A change of a replay: a key was written.
        ReplayedPut,
        /// The same: a key was deleted.
        ReplayedDeleted,
        /// A subscription has everything.
        Synced,
        /// A subscription is refused.
        Refused,
        /// Everything of a bucket was sent, up to a revision.
        Tick,
        /// It is closed.
        Closed,
    }

    /// What the replay of a subscription is.
    pub enum ReplayKind ("REPLAY") {
        /// Everything that was missed, in order: what has arrived counts.
        Complete,
        /// Deletes may be missing until the end says what is live: nothing counts before that.
        Pruned,
        /// The entries of another bucket than the one that was asked for.
        Reset,
    }

    /// What happens to a view.
    pub enum ViewKind ("VIEW") {
        /// Its storage was read.
        Loaded,
        /// It holds every key.
        Ready,
        /// Its watch has ended.
        WatchEnded,
        /// The application has stopped it.
        Stopped,
    }

    /// What happens to the page.
    pub enum PageKind ("PAGE") {
        /// The network is back, or another one is used.
        Online,
        /// The page is hidden.
        Hidden,
        /// The page is shown; the number is how long it was hidden, in milliseconds.
        Visible,
        /// The network is gone.
        Offline,
    }

    /// What a watcher is delivered of its connection.
    pub enum WatchState ("WATCH") {
        /// It has not been connected yet.
        Connecting,
        /// Changes arrive as they happen.
        Connected,
        /// It was connected, and will be again.
        Reconnecting,
        /// It is over, or pauses while the page is hidden.
        Disconnected,
    }

    /// The JavaScript class that an error becomes.
    pub enum ErrorClass ("ERROR") {
        /// `IronflowError`
        Ironflow,
        /// `UnauthenticatedError`
        Unauthenticated,
        /// `UnauthorizedError`
        Unauthorized,
        /// `TimeoutError`
        Timeout,
        /// `ConnectionError`
        Connection,
        /// `ValidationError`
        Validation,
        /// `NotConfiguredError`
        NotConfigured,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/js/enums.js");

    /// `TimedOut` as `TIMED_OUT`.
    fn upper_snake(name: &str) -> String {
        let mut upper = String::new();
        for (at, letter) in name.char_indices() {
            if at > 0 && letter.is_uppercase() {
                upper.push('_');
            }
            upper.extend(letter.to_uppercase());
        }
        upper
    }

    #[test]
    fn enums_js_holds_the_numbers_of_the_enums() {
        let mut expected = String::from(
            "// The numbers of the enums in src/enums.rs. Written by ENUMS=write cargo test --lib enums.\n",
        );
        let mut last = "";
        for (prefix, variant, number) in ALL {
            if last != *prefix {
                expected.push('\n');
            }
            last = prefix;
            let name = upper_snake(variant);
            expected.push_str(&format!("export const {prefix}_{name} = {number};\n"));
        }
        if std::env::var_os("ENUMS").is_some() {
            std::fs::write(FILE, &expected).unwrap();
        }
        assert_eq!(std::fs::read_to_string(FILE).unwrap(), expected);
    }

    #[test]
    fn an_unknown_number_is_the_last_variant() {
        assert_eq!(RaceKind::from_number(0), RaceKind::Resolved);
        assert_eq!(RaceKind::from_number(99), RaceKind::Failed);
    }
}
