import { once } from "node:events";
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const VALUE = Buffer.from('{"name":"Alice","role":"admin","visits":17}').toString("base64");

const info = { name: "b", values: 0, bytes: 0, history: 1, created_at: "2026-02-22T10:00:00Z" };
const entry = {
  key: "user.1",
  value: VALUE,
  revision: 7,
  created_at: "2026-02-22T10:00:00Z",
  operation: "put",
};

/**
 * The web server that pages come from and report to. As a key-value server it has one bucket with
 * one key, and on request sends frames as fast as the page takes them: `/feeds/NAME` are as
 * many servers as there are names.
 *
 * @param {Record<string, { type: string, body: string | Uint8Array }>} files by their paths
 * @param {Map<string, { cut(): void, mend(): void }>} networks that a page cuts and mends, by their names
 */
export async function openSite(files, networks = new Map()) {
  /** @type {((report: any) => void) | undefined} */
  let deliver;
  /** @type {Map<string, Set<import("ws").WebSocket>>} */
  const feeds = new Map();
  let revision = 0;

  /** @param {URL} url */
  function send({ pathname, searchParams }) {
    const [, , name = ""] = pathname.split("/");
    const [count, keys] = ["count", "keys"].map((field) => Number(searchParams.get(field)));
    for (const socket of feeds.get(name) ?? []) {
      for (let n = 0; n < (count ?? 0); n += 1) {
        revision += 1;
        const key = `user.${(revision * 7919) % (keys ?? 1)}`;
        const frame = {
          type: "kv_update",
          key,
          value: VALUE,
          revision,
          operation: "put",
          bucket: "b",
        };
        socket.send(JSON.stringify(frame));
      }
    }
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://site");
    const { pathname } = url;
    /** @param {string} type @param {string | Uint8Array} body */
    const answer = (type, body) => {
      response.writeHead(200, {
        "Content-Type": type,
        "Cache-Control": "max-age=3600",
        // Pages that nothing else shares a process with are given a clock of 5 microseconds.
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Resource-Policy": "cross-origin",
      });
      response.end(body);
    };
    const file = files[pathname];
    if (file) answer(file.type, file.body);
    else if (pathname.endsWith("/keys/user.1")) answer("application/json", JSON.stringify(entry));
    else if (pathname.endsWith("/keys")) answer("application/json", '{"keys":[],"count":0}');
    else if (pathname.endsWith("/buckets/b")) answer("application/json", JSON.stringify(info));
    else if (pathname.endsWith("/send")) {
      send(url);
      answer("text/plain", "");
    } else if (pathname.startsWith("/network/")) {
      const [, , what, name = ""] = pathname.split("/");
      if (what === "cut") networks.get(name)?.cut();
      else networks.get(name)?.mend();
      answer("text/plain", "");
    } else if (pathname === "/report") {
      let body = "";
      request.setEncoding("utf8");
      for await (const chunk of request) body += chunk;
      answer("text/plain", "");
      deliver?.(JSON.parse(body));
    } else {
      response.writeHead(404).end();
    }
  });
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on("connection", (socket, request) => {
    const [, , name = ""] = (request.url ?? "").split("/");
    const others = feeds.get(name) ?? new Set();
    feeds.set(name, others.add(socket));
    socket.on("close", () => others.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    /** What the next page reports. @returns {Promise<any>} */
    report: () =>
      new Promise((resolve, reject) => {
        deliver = (report) => {
          if (report.error) reject(new Error(report.error));
          else resolve(report);
        };
      }),
    close() {
      sockets.close();
      server.closeAllConnections();
      server.close();
    },
  };
}
