//! What a feed promises: in [`promises`] under any interleaving, elsewhere one by one.

mod connection;
mod following;
mod promises;
mod world;
