/** Hosts the handlers in a worker of one page. */
import { serve } from "./serve.js";

serve(globalThis);
