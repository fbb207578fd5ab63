/** The handlers in the page itself: no worker, no messages of our own. */
import { bindAll, carryOut } from "./bind.js";
import { makeHandlers } from "./handlers.js";

const { handle, answered } = makeHandlers((command) => carryOut(command, answered));
bindAll(handle);
