// Options in every shape an application may give them: instances of classes, getters, prototypes, frozen
// objects, empty credentials, URL objects and, in a page, paths.

import { deepEqual, equal, ok, throws } from "./assert.js";
import { invalid } from "./expected.js";

/** @typedef {import("./context.js").Context} Context */

class Session {
  #key = "secret";
  user = "alice";
  get apiKey() {
    return this.#key;
  }
  get expired() {
    return false;
  }
  refresh() {}
}

class Tokens {
  #count = 0;
  token() {
    this.#count += 1;
    return `token-${this.#count}`;
  }
}

class Inherited extends Tokens {
  get unrelated() {
    throw new Error("not logged in");
  }
}

/** Ways to give a credential, and what is sent first and second. @type {[string, () => any, (string | undefined)[]][]} */
const CREDENTIALS = [
  ["a plain object", () => ({ apiKey: "a" }), ["Bearer a", "Bearer a"]],
  ["a method that uses private state", () => new Tokens(), ["Bearer token-1", "Bearer token-2"]],
  ["an inherited method", () => new Inherited(), ["Bearer token-1", "Bearer token-2"]],
  [
    "a getter",
    () => ({
      get apiKey() {
        return "got";
      },
    }),
    ["Bearer got", "Bearer got"],
  ],
  ["a prototype", () => Object.create({ apiKey: "proto" }), ["Bearer proto", "Bearer proto"]],
  [
    "an object without a prototype",
    () => Object.assign(Object.create(null), { token: "t" }),
    ["Bearer t", "Bearer t"],
  ],
  ["a frozen object", () => Object.freeze({ token: "t" }), ["Bearer t", "Bearer t"]],
  ["an empty apiKey", () => ({ apiKey: "" }), [undefined, undefined]],
  ["an empty token", () => ({ token: "" }), [undefined, undefined]],
  ["an empty apiKey beside a token", () => ({ apiKey: "", token: "t" }), ["Bearer t", "Bearer t"]],
  ["nothing", () => undefined, [undefined, undefined]],
];

/** Sends two requests and gives their Authorization headers. @param {Context} t @param {any} options */
async function authorizations(t, options) {
  /** @type {(string | undefined)[]} */
  const sent = [];
  t.stub("fetch", async (/** @type {string} */ _, /** @type {any} */ { headers }) => {
    sent.push(headers.Authorization);
    return new Response('{"buckets":[],"count":0}');
  });
  const client = t.createClient({ serverUrl: "http://localhost:9", logger: false, ...options });
  await client.kv().listBuckets();
  await client.kv().listBuckets();
  return sent;
}

/** @type {import("./context.js").Cases} */
export const optionShapes = {
  async "credentials are sent, whatever object they come in"(t) {
    for (const [what, auth, expected] of CREDENTIALS) {
      deepEqual(await authorizations(t, { auth: auth() }), expected, what);
    }
  },

  async "the credentials of an instance with a field that is no option are refused by its name"(t) {
    throws(
      () => t.createClient({ auth: /** @type {any} */ (new Session()) }),
      invalid(/auth\.user/),
    );
  },

  async "setAuth takes the same objects"(t) {
    for (const [what, auth, [first]] of CREDENTIALS) {
      /** @type {unknown[]} */
      const sent = [];
      t.stub("fetch", async (/** @type {string} */ _, /** @type {any} */ { headers }) => {
        sent.push(headers.Authorization);
        return new Response('{"buckets":[],"count":0}');
      });
      const client = t.createClient({ serverUrl: "http://localhost:9", logger: false });
      client.setAuth(auth());
      await client.kv().listBuckets();
      deepEqual(sent, [first], what);
    }
  },

  async "a whole configuration, and options of operations, may be instances of classes"(t) {
    class Configuration {
      get transport() {
        return "memory";
      }
      get timeout() {
        return 1234;
      }
      get somethingElse() {
        return 5;
      }
      logger = false;
    }
    const client = t.createClient(/** @type {any} */ (new Configuration()));
    equal(client.getConfig().timeout, 1234);
    equal(client.mode, "memory");
    class Limits {
      get timeout() {
        return -1;
      }
    }
    const kv = client.kv();
    await kv.createBucket({ name: "b" });
    const error = await kv
      .bucket("b")
      .get("k", new Limits())
      .catch((caught) => caught);
    ok(error.message.includes("timeout must be"), error.message);
  },

  async "a getter that throws is a ValidationError that names the option"(t) {
    const refuse = () => {
      throw new Error("no");
    };
    for (const path of [
      "timeout",
      "serverUrl",
      "reconnect.enabled",
      "auth.apiKey",
      "memory.name",
    ]) {
      const names = path.split(".").reverse();
      /** @type {any} */
      let options;
      for (const name of names) {
        options = options
          ? { [name]: options }
          : Object.defineProperty({}, name, { get: refuse, enumerable: true });
      }
      throws(() => t.createClient(options), invalid(new RegExp(path.replace(".", "\\."))), path);
    }
  },

  async "a getter of a class that throws matters only where it is an option"(t) {
    class Configuration {
      get transport() {
        return /** @type {const} */ ("memory");
      }
      get unrelated() {
        throw new Error("not ready");
      }
    }
    equal(t.createClient(new Configuration()).mode, "memory");
    class Broken extends Configuration {
      get timeout() {
        throw new Error("not ready");
      }
    }
    throws(() => t.createClient(/** @type {any} */ (new Broken())), invalid(/timeout/));
    class Locked {
      get apiKey() {
        throw new Error("locked");
      }
    }
    const auth = /** @type {any} */ (new Locked());
    throws(() => t.createClient({ auth }), invalid(/auth\.apiKey/));
    throws(() => t.createClient({ transport: "memory" }).setAuth(auth), invalid(/auth\.apiKey/));
  },

  async "serverUrl takes a URL object and, in a page, a path"(t) {
    /** @param {any} serverUrl */
    const resolved = (serverUrl) =>
      t.createClient({ serverUrl, logger: false }).getConfig().serverUrl;
    equal(resolved(new URL("https://kv.example.com/base/")), "https://kv.example.com/base");
    throws(() => resolved("//other.example.com"), invalid(/serverUrl/));
    throws(() => resolved("api"), invalid(/serverUrl/));
    throws(() => resolved(new URL("ftp://x")), invalid(/serverUrl/));
    if (globalThis.location) {
      equal(resolved("/api"), `${location.origin}/api`);
      equal(resolved(""), location.origin);
      return;
    }
    t.stub("location", { protocol: "https:", origin: "https://app.example.com" });
    equal(resolved("/api"), "https://app.example.com/api");
    equal(resolved("/api/"), "https://app.example.com/api");
    equal(resolved(""), "https://app.example.com");
    equal(resolved("http://localhost:9"), "http://localhost:9");
    for (const location of [undefined, {}, { protocol: "file:", origin: "null" }]) {
      t.stub("location", location);
      throws(() => resolved("/api"), invalid(/serverUrl/));
      throws(() => resolved(""), invalid(/serverUrl/));
    }
  },
};
