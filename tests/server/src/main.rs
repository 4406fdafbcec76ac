//! Runs the reference server until SIGTERM or SIGINT.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use ironflow_server::{Server, cli};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// What is logged where `RUST_LOG` does not say. The NATS client's news is reported in our words.
const DEFAULT_LOG: &str = "info,async_nats=error";

#[tokio::main]
async fn main() -> ExitCode {
    let config = cli::config();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| DEFAULT_LOG.into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .init();
    match run(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: ironflow_server::Config) -> Result<(), Box<dyn std::error::Error>> {
    // Before the address is printed: a signal that follows must find a listener.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let server = Server::bind(config).await?;
    let keys = server.keys();
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            match keys.reload() {
                Ok(()) => tracing::info!("read the API keys again"),
                Err(error) => tracing::error!("cannot read the API keys, they stay: {error}"),
            }
        }
    });
    let mut stdout = io::stdout();
    writeln!(stdout, "listening on http://{}", server.address())?;
    stdout.flush()?;
    let stopped = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("shutting down");
    };
    server.run(stopped).await;
    Ok(())
}
