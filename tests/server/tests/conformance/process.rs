//! The servers that all tests share. Each is started by the first test that needs it, and ended
//! with the process that runs the tests, however that ends.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::LazyLock;
use std::thread;

/// Runs a command until standard input ends, then ends it and removes a directory of its own.
const GUARD: &str = r#"
trap '' INT HUP
dir=$1
shift
"$@" &
exec >/dev/null 2>&1
cat
kill $!
wait
rm -rf "$dir"
"#;

const NATS_VERSION: &str = "2.15.1";

/// A server that runs as long as this value, at the latest as long as this process.
struct Server {
    address: String,
    _until: ChildStdin,
}

/// What went wrong, in one line.
type Started = Result<Server, String>;

static ON_MEMORY: LazyLock<Started> = LazyLock::new(|| ironflow_server("memory"));
static NATS: LazyLock<Started> = LazyLock::new(nats_server);
static ON_NATS: LazyLock<Started> =
    LazyLock::new(|| ironflow_server(&NATS.as_ref().map_err(String::clone)?.address));

/// The address of the server on the memory store.
pub fn server_on_memory() -> &'static str {
    address(&ON_MEMORY)
}

/// The address of the server on JetStream.
pub fn server_on_nats() -> &'static str {
    address(&ON_NATS)
}

fn address(server: &'static Started) -> &'static str {
    match server {
        Ok(server) => &server.address,
        Err(reason) => panic!("{reason}"),
    }
}

fn ironflow_server(store: &str) -> Started {
    let mut command = guarded(&directory()?);
    command
        .arg(env!("CARGO_BIN_EXE_ironflow-server"))
        .args(["--listen", "127.0.0.1:0", "--store", store])
        .env("RUST_LOG", "error")
        .stdout(Stdio::piped());
    let mut guard = command.spawn().map_err(|error| error.to_string())?;
    let mut line = String::new();
    BufReader::new(guard.stdout.take().ok_or("no output")?)
        .read_line(&mut line)
        .map_err(|error| error.to_string())?;
    let address = line
        .strip_prefix("listening on http://")
        .ok_or_else(|| format!("ironflow-server did not start on {store}"))?;
    Ok(Server {
        address: address.trim_end().to_owned(),
        _until: guard.stdin.take().ok_or("no input")?,
    })
}

fn nats_server() -> Started {
    let program = env::var("NATS_SERVER").unwrap_or_else(|_| {
        let home = env::var("HOME").unwrap_or_default();
        format!("{home}/.cache/ironflow-tools/nats-{NATS_VERSION}/bin/nats-server")
    });
    let directory = directory()?;
    let config = directory.join("nats.conf");
    let settings = format!(
        "listen: \"127.0.0.1:-1\"\nmax_payload: 2MB\njetstream {{ store_dir: {:?} }}\n",
        directory.join("data")
    );
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
    // A log that nobody reads would stop the server once the pipe is full.
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
