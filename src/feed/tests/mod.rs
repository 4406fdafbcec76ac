//! The promises of a feed: in [`promises`] under any interleaving, in the others one by one.

mod actions;
mod checks;
mod connection;
mod following;
mod freshness;
mod initial;
mod isolation;
mod list_order;
mod network;
mod parts;
mod persistence;
mod promises;
mod recorder;
mod session;
mod sharing;
mod stored;
mod versions;
mod world;
