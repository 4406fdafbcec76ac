//! Servers as processes. Each is ended with the process that runs the tests, however that ends.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::thread;

/// Runs a command until standard input ends, then ends it and removes a directory of its own.
const GUARD: &str = r#"
trap '' INT HUP
dir=$1
shift
sh -c 'echo $$ >"$0/pid"; exec "$@"' "$dir" "$@" &
exec >/dev/null 2>&1
cat
kill $!
wait
rm -rf "$dir"
"#;

const NATS_VERSION: &str = "2.15.1";

/// A server that runs as long as this value, at the latest as long as this process.
#[derive(Debug)]
pub struct Server {
    /// Where it listens: host and port, of a nats-server with `nats://` before them.
    pub address: String,
    directory: PathBuf,
    _until: ChildStdin,
}

impl Server {
    /// The number of its process.
    pub fn pid(&self) -> u32 {
        let pid = fs::read_to_string(self.directory.join("pid")).unwrap_or_default();
        pid.trim().parse().expect("a server that has started")
    }

    /// Ends it as a crash would: at once, and without a word.
    pub fn kill(&self) {
        let killed = Command::new("kill")
            .args(["-9", &self.pid().to_string()])
            .status();
        assert!(killed.is_ok_and(|status| status.success()));
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.pid().to_string()])
            .status();
        assert!(sent.is_ok_and(|status| status.success()));
    }

    /// How much memory it has resident, in bytes.
    pub fn resident_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        kilobytes.map(|n: u64| n * 1024).expect("a running server")
    }
}

/// A server, or what went wrong, in one line.
pub type Started = Result<Server, String>;

/// The address of the server on the memory store that all tests of this process share. `program`
/// is the server's binary. With `IRONFLOW_MEMORY_SERVER`, an address such as `127.0.0.1:9123`, it is
/// that server instead: another implementation of the protocol.
pub fn server_on_memory(program: &str) -> &'static str {
    static GIVEN: OnceLock<Option<String>> = OnceLock::new();
    static SHARED: OnceLock<Started> = OnceLock::new();
    if let Some(given) = GIVEN.get_or_init(|| env::var("IRONFLOW_MEMORY_SERVER").ok()) {
        return given;
    }
    address(SHARED.get_or_init(|| ironflow_server(program, &[])))
}

/// The address of the server on JetStream that all tests of this process share.
pub fn server_on_nats(program: &str) -> &'static str {
    static SHARED: OnceLock<Started> = OnceLock::new();
    address(SHARED.get_or_init(|| ironflow_server(program, &["--store", shared_nats()])))
}

/// The address of the nats-server that all tests of this process share.
pub fn shared_nats() -> &'static str {
    static SHARED: OnceLock<Started> = OnceLock::new();
    address(SHARED.get_or_init(nats_server))
}

fn address(server: &'static Started) -> &'static str {
    match server {
        Ok(server) => &server.address,
        Err(reason) => panic!("{reason}"),
    }
}

/// Starts the server on a free port, with these arguments.
///
/// # Errors
/// Where it does not start. Its own words are on standard error.
pub fn ironflow_server(program: &str, arguments: &[&str]) -> Started {
    launch(program, arguments, "error", Stdio::inherit())
}

/// The same, with everything it has to say written to a file.
///
/// # Errors
/// Where it does not start.
pub fn ironflow_server_logging(program: &str, arguments: &[&str], log: &Path) -> Started {
    let log = fs::File::create(log).map_err(|error| error.to_string())?;
    launch(program, arguments, "trace", log.into())
}

fn launch(program: &str, arguments: &[&str], level: &str, log: Stdio) -> Started {
    let directory = directory()?;
    let mut command = guarded(&directory);
    command
        .arg(program)
        .args(["--listen", "127.0.0.1:0"])
        .args(arguments)
        .env("RUST_LOG", level)
        .stdout(Stdio::piped())
        .stderr(log);
    let mut guard = command.spawn().map_err(|error| error.to_string())?;
    let mut line = String::new();
    BufReader::new(guard.stdout.take().ok_or("no output")?)
        .read_line(&mut line)
        .map_err(|error| error.to_string())?;
    let address = line
        .strip_prefix("listening on http://")
        .ok_or_else(|| format!("ironflow-server did not start with {arguments:?}"))?;
    Ok(Server {
        address: address.trim_end().to_owned(),
        directory,
        _until: guard.stdin.take().ok_or("no input")?,
    })
}

/// Starts a nats-server with JetStream on a free port.
///
/// # Errors
/// Where it does not start: what it had logged.
pub fn nats_server() -> Started {
    nats_server_with("")
}

/// The same, with more lines of configuration.
///
/// # Errors
/// Where it does not start: what it had logged.
pub fn nats_server_with(more: &str) -> Started {
    let directory = directory()?;
    let settings = format!(
        "listen: \"127.0.0.1:-1\"\nmax_payload: 2MB\njetstream {{ store_dir: {:?} }}\n{more}\n",
        directory.join("data")
    );
    launch_nats(directory, &settings)
}

/// Starts a nats-server with this configuration.
///
/// # Errors
/// Where it does not start: what it had logged.
pub fn nats_server_as(settings: &str) -> Started {
    launch_nats(directory()?, settings)
}

fn launch_nats(directory: PathBuf, settings: &str) -> Started {
    let program = env::var("NATS_SERVER").unwrap_or_else(|_| {
        let home = env::var("HOME").unwrap_or_default();
        format!("{home}/.cache/ironflow-tools/nats-{NATS_VERSION}/bin/nats-server")
    });
    let config = directory.join("nats.conf");
    fs::write(&config, settings).map_err(|error| error.to_string())?;
    let mut command = guarded(&directory);
    command
        .args([&program, "-c"])
        .arg(&config)
        .stderr(Stdio::piped());
    let mut guard = command.spawn().map_err(|error| error.to_string())?;
    let log = guard.stderr.take().ok_or("no log")?;
    let address = nats_address(log).map_err(|log| {
        format!("no nats-server: `{program}` did not start; set NATS_SERVER to its path ({log})")
    })?;
    Ok(Server {
        address: format!("nats://{address}"),
        directory,
        _until: guard.stdin.take().ok_or("no input")?,
    })
}

/// Reads a nats-server's log until it is ready, and gives its address, or what it had logged.
fn nats_address(log: impl Read + Send + 'static) -> Result<String, String> {
    let mut lines = BufReader::new(log).lines().map_while(Result::ok);
    let mut address = None;
    let mut logged = Vec::new();
    for line in lines.by_ref() {
        if let Some((_, found)) = line.split_once("Listening for client connections on ") {
            address = Some(found.to_owned());
        }
        if line.ends_with("Server is ready") {
            break;
        }
        logged.push(line);
    }
    // An unread log would block the server once the pipe is full.
    thread::spawn(move || lines.for_each(drop));
    address.ok_or_else(|| logged.join("; "))
}

/// A directory for the guard to remove.
fn directory() -> Result<PathBuf, String> {
    let directory = tempfile::Builder::new().prefix("ironflow-").tempdir();
    Ok(directory.map_err(|error| error.to_string())?.keep())
}

/// A guard, to which the command and its arguments are yet to be given.
fn guarded(directory: &Path) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", GUARD, "guard"])
        .arg(directory)
        .stdin(Stdio::piped());
    command
}
