import assert from "node:assert/strict";
import { test } from "node:test";
import { watchBlockingRequests } from "../../../static/worker/interrupt.js";

/** Requests that take so long, and what was told of them. @param {number} ms @param {Error} [error] */
function watching(ms, error) {
  const state = { now: 0 };
  /** @type {any[]} */
  const told = [];
  class Requests {
    /** @type {any[]} */
    did = [];
    open(/** @type {any[]} */ ...how) {
      this.did.push(["open", ...how]);
    }
    send(/** @type {unknown} */ body) {
      this.did.push(["send", body]);
      state.now += ms;
      if (error) {
        throw error;
      }
    }
  }
  watchBlockingRequests(
    (origin, took) => told.push([origin, took]),
    /** @type {any} */ (Requests),
    () => state.now,
  );
  return { Requests, told };
}

test("a request that holds the worker is told when it is over, with where it went and how long it took", () => {
  const { Requests, told } = watching(3200);
  const request = new Requests();
  request.open("POST", "https://crm.example/rest?token=secret", false);
  assert.deepEqual(told, []);
  request.send("body");
  assert.deepEqual(told, [["https://crm.example", 3200]]);
  assert.deepEqual(request.did, [
    ["open", "POST", "https://crm.example/rest?token=secret", false],
    ["send", "body"],
  ]);
});

test("one that failed held the worker too, and fails as it would", () => {
  const { Requests, told } = watching(700, new Error("NetworkError"));
  const request = new Requests();
  request.open("GET", "https://crm.example/", false);
  assert.throws(() => request.send(null), /NetworkError/);
  assert.deepEqual(told, [["https://crm.example", 700]]);
});

test("one that waits for its answer holds nobody", () => {
  const { Requests, told } = watching(5000);
  for (const how of [
    ["GET", "https://crm.example/"],
    ["GET", "https://crm.example/", true],
  ]) {
    const request = new Requests();
    request.open(...how);
    request.send(null);
    assert.deepEqual(request.did[0], ["open", ...how]);
  }
  assert.deepEqual(told, []);
});

test("an object that is used again is what it was opened as last", () => {
  const { Requests, told } = watching(1);
  const request = new Requests();
  request.open("GET", "https://one.example/", false);
  request.open("GET", "https://two.example/", true);
  request.send(null);
  request.open("GET", "no address", false);
  request.send(null);
  assert.deepEqual(told, [["nowhere", 1]]);
});
