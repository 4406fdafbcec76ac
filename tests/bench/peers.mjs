// What an application imports of other libraries, to see what it adds to a bundle.

/** Sources of modules. @type {Record<string, string>} */
export const peers = {
  "idb-keyval": 'export * from "idb-keyval";',
  partysocket: 'export { default } from "partysocket";',
  Convex: 'export { ConvexClient } from "convex/browser";',
  "TinyBase with its WebSocket": `
    export { createMergeableStore } from "tinybase";
    export { createWsSynchronizer } from "tinybase/synchronizers/synchronizer-ws-client";`,
  InstantDB: 'export { init } from "@instantdb/core";',
  "Firebase Realtime Database": `
    export { initializeApp } from "@firebase/app";
    export { getDatabase, ref, get, set, onValue } from "@firebase/database";`,
  Liveblocks: 'export { createClient } from "@liveblocks/client";',
  "supabase-js": 'export { createClient } from "@supabase/supabase-js";',
  "nats.js (core and kv)": `
    export { wsconnect } from "@nats-io/nats-core";
    export { Kvm } from "@nats-io/kv";`,
  Firestore: `
    export { initializeApp } from "@firebase/app";
    export { doc, getDoc, initializeFirestore, onSnapshot, persistentLocalCache, setDoc } from "@firebase/firestore";`,
};
