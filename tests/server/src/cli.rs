//! The command line.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;

use clap::Parser;

use crate::auth::ApiKey;
use crate::origin::Origin;
use crate::server::{Config, StoreConfig};

/// The reference server of the Ironflow key-value protocol.
#[derive(Debug, Parser)]
#[command(name = "ironflow-server", version)]
struct Arguments {
    /// Where to listen; port 0 picks a free port
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9123", value_parser = address)]
    listen: SocketAddr,

    /// Where to keep the data: `memory`, or the URL of a NATS server with JetStream
    #[arg(long, value_name = "memory|nats://HOST:PORT", default_value = "memory")]
    store: String,

    /// How many servers of a NATS cluster keep each new bucket: with 3, any one may fail
    #[arg(long, value_name = "1-5", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=5))]
    replicas: u8,

    /// Accept only this key (may be repeated), `:read` after it for reading only. Without any,
    /// everyone is accepted, on loopback addresses only
    #[arg(long = "api-key", value_name = "KEY[:read]")]
    api_keys: Vec<String>,

    /// Accept the keys in this file too, one a line. SIGHUP reads it again
    #[arg(long, value_name = "FILE")]
    api_key_file: Option<PathBuf>,

    /// Let pages of this origin call the server (may be repeated). Loopback origins always may
    #[arg(long = "allow-origin", value_name = "ORIGIN", value_parser = origin)]
    allow_origins: Vec<Origin>,

    /// The versions of the watch protocol that are spoken: `1`, or `1,2`
    #[arg(long, value_name = "VERSIONS", default_value = "1,2", value_parser = ["1", "1,2"])]
    watch_versions: String,

    /// Serve the files of this directory where the API takes no path
    #[arg(long = "static", value_name = "DIR")]
    files: Option<PathBuf>,
}

/// Reads the command line. Where it is not understood, or asks for help, this ends the process.
pub fn config() -> Config {
    let arguments = Arguments::parse();
    match arguments.into_config() {
        Ok(config) => config,
        Err(words) => {
            use clap::CommandFactory as _;
            Arguments::command()
                .error(clap::error::ErrorKind::ValueValidation, words)
                .exit()
        }
    }
}

impl Arguments {
    /// Checks what may hold credentials, and so must not be repeated in a message.
    fn into_config(self) -> Result<Config, &'static str> {
        let store = match self.store.as_str() {
            "memory" if self.replicas > 1 => return Err("--replicas is for a NATS cluster"),
            "memory" => StoreConfig::Memory,
            url if url.starts_with("nats://") || url.starts_with("tls://") => StoreConfig::Nats {
                url: self.store,
                replicas: self.replicas,
            },
            _ => return Err("--store is neither `memory` nor a nats:// URL"),
        };
        let api_keys: Option<Vec<_>> = self.api_keys.iter().map(|k| ApiKey::parse(k)).collect();
        Ok(Config {
            listen: self.listen,
            store,
            api_keys: api_keys.ok_or("an --api-key is empty")?,
            api_key_file: self.api_key_file,
            allow_origins: self.allow_origins,
            has_watch_2: self.watch_versions != "1",
            files: self.files,
        })
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let mut addresses = text.to_socket_addrs().map_err(|error| error.to_string())?;
    addresses.next().ok_or_else(|| "no such host".to_owned())
}

fn origin(text: &str) -> Result<Origin, &'static str> {
    Origin::parse(text).ok_or("an origin is scheme://host[:port], and no more")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn messages_do_not_repeat_credentials() {
        let read = |args: &[&str]| {
            let args = ["ironflow-server"].iter().chain(args);
            Arguments::try_parse_from(args).unwrap().into_config()
        };
        let error = read(&["--store", "http://user:secret@host"]).unwrap_err();
        assert!(!error.contains("secret"));
        assert!(read(&["--api-key", ":read"]).is_err());
        assert!(read(&["--replicas", "3"]).is_err());
        assert_eq!(read(&[]).unwrap().store, StoreConfig::Memory);
    }

    #[test]
    fn version_2_of_the_watch_can_be_turned_off() {
        for (args, has_watch_2) in [
            (&[][..], Some(true)),
            (&["--watch-versions", "1,2"], Some(true)),
            (&["--watch-versions", "1"], Some(false)),
            (&["--watch-versions", "2"], None),
        ] {
            let args = ["ironflow-server"].iter().chain(args);
            let config = Arguments::try_parse_from(args).ok();
            let config = config.map(|arguments| arguments.into_config().unwrap());
            assert_eq!(config.map(|config| config.has_watch_2), has_watch_2);
        }
    }
}
