/**
 * Answers sessions of requests by the page's REST: JSON in, JSON out.
 *
 * In: a list of sessions, each a list of `[method, params]`. Out: the same with `[status, answer]`.
 */

import { PageRest } from "../../static/portal/rest_api/rest.js";

/** @type {Buffer[]} */
const chunks = [];
for await (const chunk of process.stdin) {
  chunks.push(chunk);
}
/** @type {[string, Record<string, unknown>][][]} */
const sessions = JSON.parse(Buffer.concat(chunks).toString("utf8"));
const answered = [];
for (const requests of sessions) {
  const rest = new PageRest();
  const { answer: opened } = await rest.handle("simulation.session", {});
  const answers = [];
  for (const [method, params] of requests) {
    const { status, answer } = await rest.handle(method, { auth: opened.result.AUTH_ID, ...params });
    answers.push([status, answer]);
  }
  answered.push(answers);
}
process.stdout.write(JSON.stringify(answered));
