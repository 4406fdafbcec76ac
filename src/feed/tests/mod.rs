//! What a feed promises: in [`promises`] under any interleaving, elsewhere one by one.

mod connection;
mod following;
mod initial;
mod network;
mod promises;
mod recorder;
mod sharing;
mod world;
