/**
 * The simulated portal over HTTP: its files at the root, its REST methods under /rest/.
 *
 *   node server.mjs '{"port": 0, "instead": {"PATH": "FILE"}}'
 *
 * The first line that it prints is the port where it listens. It ends when its standard input does, so that it does
 * not outlive whoever started it.
 */

import { readFile, realpath } from "node:fs/promises";
import { createServer, STATUS_CODES } from "node:http";
import path from "node:path";
import process from "node:process";
import { parseQuery } from "./rest_api/query.js";
import { PageRest } from "./rest_api/rest.js";

/** @typedef {import("node:http").IncomingMessage} Incoming */
/** @typedef {import("node:http").ServerResponse} Outgoing */
/** @typedef {Record<string, string>} Headers */

const REST_PATH = /^\/rest\/([A-Za-z0-9_.]+?)(?:\.json)?$/;
const BODY_LIMIT = 1 << 20;
const LOOPBACK_NAMES = ["127.0.0.1", "localhost", "[::1]"];
const CORS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Headers": "*",
  "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
  "Access-Control-Max-Age": "600",
};
/** @type {Record<string, string>} */
const MEDIA_TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".py": "text/plain; charset=utf-8",
};

/** A request that is answered with a status alone. */
class Refused extends Error {
  /**
   * @param {number} status
   * @param {Headers} [headers]
   */
  constructor(status, headers = {}) {
    super(`${status} ${STATUS_CODES[status]}`);
    this.status = status;
    this.headers = headers;
  }
}

/**
 * What answers for a portal; it has to be told to listen.
 * @param {object} [options]
 * @param {Pick<PageRest, "handle">} [options.rest]
 * @param {string} [options.directory]   the portal's files
 * @param {Headers} [options.instead]    files in place of some of them, by the paths of those
 * @param {number} [options.requestMs]   for a whole request, however it trickles in
 * @param {number} [options.keepS]       how long browsers keep the portal's files without asking: while nobody edits them
 */
export function portalServer({
  rest = new PageRest(),
  directory = import.meta.dirname,
  instead = {},
  requestMs = 30_000,
  keepS = 0,
} = {}) {
  const kept = keepS > 0 ? `max-age=${keepS}` : "no-cache";

  /** @param {Incoming} request @param {Outgoing} response */
  async function answer(request, response) {
    const params = await body(request);
    const address = URL.parse(request.url ?? "", "http://portal.localhost");
    if (address === null) {
      throw new Refused(400);
    }
    if (!isForThisMachine(request)) {
      throw new Refused(421);
    }
    const method = REST_PATH.exec(address.pathname)?.[1];
    if (method === undefined) {
      const name = nameIn(address.pathname);
      const content = await file(request, directory, name, instead[name]);
      const type = MEDIA_TYPES[path.extname(name)] ?? "application/octet-stream";
      respond(response, 200, content, { "Content-Type": type, "Cache-Control": kept });
    } else if (request.method === "OPTIONS") {
      respond(response, 204, "", CORS);
    } else if (method.toLowerCase().startsWith("simulation.") && !isOfItsOwnPage(request)) {
      throw new Refused(403);
    } else {
      const answered = await rest.handle(method, { ...parseQuery(address.search), ...params });
      const headers = { "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store", ...CORS };
      respond(response, answered.status, JSON.stringify(answered.answer), headers);
    }
  }

  const times = { requestTimeout: requestMs, headersTimeout: requestMs, keepAliveTimeout: requestMs };
  return createServer({ ...times, connectionsCheckingInterval: Math.min(1000, requestMs) }, (request, response) => {
    answer(request, response).catch((problem) => {
      const refused = problem instanceof Refused ? problem : new Refused(500);
      const headers = { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store", ...refused.headers };
      respond(response, refused.status, `${refused.message}\n`, headers);
    });
  });
}

/**
 * @param {Outgoing} response
 * @param {number} status
 * @param {string | Buffer} content
 * @param {Headers} headers
 */
function respond(response, status, content, headers) {
  const length = status === 204 ? {} : { "Content-Length": Buffer.byteLength(content) };
  response.writeHead(status, { "X-Content-Type-Options": "nosniff", ...headers, ...length });
  response.end(content);
}

/**
 * @param {Incoming} request
 * @returns {Promise<Record<string, unknown>>} its body's parameters, nested as PHP nests them; none of what is no JSON
 */
async function body(request) {
  const text = await whole(request);
  if (!request.headers["content-type"]?.includes("json")) {
    return parseQuery(text);
  }
  try {
    const value = JSON.parse(text);
    return Array.isArray(value) ? {} : Object(value);
  } catch {
    return {};
  }
}

/** @param {Incoming} request @returns {Promise<string>} */
function whole(request) {
  return new Promise((resolve, reject) => {
    /** @type {Buffer[]} */
    const chunks = [];
    let length = 0;
    request.on("data", (chunk) => {
      length += chunk.length;
      if (length > BODY_LIMIT) {
        request.pause();
        reject(new Refused(413, { Connection: "close" }));
      } else {
        chunks.push(chunk);
      }
    });
    request.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    request.on("error", reject);
  });
}

/**
 * Whether a request is for a name of this machine: a page that made its own name lead here must learn nothing.
 * @param {Incoming} request
 */
function isForThisMachine(request) {
  const [host = "", ...others] = request.headersDistinct.host ?? [];
  const name = host.trim().toLowerCase().replace(/:\d*$/, "");
  return others.length === 0 && (LOOPBACK_NAMES.includes(name) || name.endsWith(".localhost"));
}

/**
 * Whether the portal's page asks, or no page at all: the simulation is nobody else's.
 * @param {Incoming} request
 */
function isOfItsOwnPage({ headers: { origin, host } }) {
  return origin === undefined || origin.toLowerCase() === `http://${host?.toLowerCase()}`;
}

/** @param {string} pathname @returns {string} a file's name among the portal's */
function nameIn(pathname) {
  try {
    return decodeURIComponent(pathname).replace(/^\/+/, "") || "index.html";
  } catch {
    throw new Refused(404);
  }
}

/**
 * @param {Incoming} request
 * @param {string} directory
 * @param {string} name
 * @param {string} [instead] the file that stands for it
 * @returns {Promise<Buffer>}
 */
async function file(request, directory, name, instead) {
  if (request.method !== "GET" && request.method !== "HEAD") {
    throw new Refused(405, { Allow: "GET, HEAD" });
  }
  try {
    const root = await realpath(directory);
    const found = await realpath(path.join(root, name));
    if (found.startsWith(root + path.sep)) {
      return await readFile(instead ?? found);
    }
  } catch {
    // no name that a file has
  }
  throw new Refused(404);
}

/** Serves until standard input ends. */
function main() {
  const { port, instead, keepS } = JSON.parse(process.argv[2] ?? "{}");
  const server = portalServer({ instead, keepS });
  server.on("error", (problem) => {
    process.stderr.write(`${problem.message}\n`);
    process.exit(1);
  });
  server.listen(port, "127.0.0.1", () => {
    const address = /** @type {import("node:net").AddressInfo} */ (server.address());
    process.stdout.write(`${address.port}\n`);
  });
  process.stdin.on("end", () => process.exit()).resume();
}

if (process.argv[1] === import.meta.filename) {
  main();
}
