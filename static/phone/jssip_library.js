/**
 * JsSIP, from npm. `scripts/build` puts a bundle of it in this file's place: the package is made of
 * CommonJS modules, which a browser cannot load.
 *
 * @module
 */

export { Grammar, UA, WebSocketInterface } from "jssip";
