//! The promises of a feed: in [`promises`] under any interleaving, in the others one by one.

mod connection;
mod following;
mod initial;
mod isolation;
mod list_order;
mod network;
mod parts;
mod persistence;
mod promises;
mod recorder;
mod sharing;
mod world;
