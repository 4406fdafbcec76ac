// Which credentials a request has, and what they permit.

import { Refusal } from "./errors.js";

const OFFERED = "ironflow.auth.bearer.";

/** The credential of a request or of a handshake, where a browser offers it as a subprotocol. */
function credentialOf({ authorization = "", "sec-websocket-protocol": protocols = "" }) {
  const [, bearer] = /^Bearer +(\S.*)$/i.exec(authorization) ?? [];
  if (bearer !== undefined) return bearer;
  const offered = protocols.split(",").find((each) => each.trim().startsWith(OFFERED));
  return offered && Buffer.from(offered.trim().slice(OFFERED.length), "base64url").toString();
}

/** @param {readonly string[]} keys `KEY`, or `KEY:read`, which may only read; none lets everyone in */
export function credentialsOf(keys) {
  const mayWrite = new Map();
  for (const key of keys) {
    const name = key.replace(/:read$/, "");
    if (name === "") throw new Error("an API key is empty");
    mayWrite.set(name, name === key);
  }
  return {
    /** Throws if the request is not permitted. */
    check({ method, headers }) {
      if (mayWrite.size === 0) return;
      const credential = credentialOf(headers);
      if (credential === undefined) throw new Refusal(401, "missing credentials");
      if (!mayWrite.has(credential)) throw new Refusal(401, "invalid credentials");
      if (method !== "GET" && !mayWrite.get(credential))
        throw new Refusal(403, "not permitted: these credentials are read-only");
    },
  };
}
