/** Hosts the handlers in a shared worker. */
import { serve } from "./serve.js";

globalThis.onconnect = ({ ports: [port] }) => serve(port);
