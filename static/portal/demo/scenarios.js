/**
 * The demo's scenarios, as data: what is done at each step, what must come of it, and what to say.
 * `player.js` plays them; it knows nothing of calls.
 */

/** @typedef {import("../core/vocabulary.js").EventName} EventName */
/** @typedef {import("../core/telephony.js").CallOptions} CallOptions */

/**
 * What the player does; one of these.
 * @typedef {object} Deed
 * @property {"incoming" | "outgoing" | "callback" | "list"} [call]  a card appears
 * @property {CallOptions} [options]   of that call
 * @property {number} [length]         of that list
 * @property {EventName} [click]       the operator clicks what raises this event
 * @property {unknown} [argument]      what is chosen: a key, a rating, a target
 */

/**
 * What a step waits for; all of it.
 * @typedef {object} Wanted
 * @property {EventName} [handled]               Python's handlers of this event have ended
 * @property {string[]} [commands]               commands that reached the portal
 * @property {Record<string, unknown>} [card]    what the card is
 * @property {Record<string, unknown>} [phone]   what the phone is; nothing is asked of one that is not there
 */

/**
 * @typedef {object} Step
 * @property {string} says
 * @property {Deed} does
 * @property {Wanted} until
 */

/**
 * @typedef {object} Scenario
 * @property {string} id
 * @property {string} title
 * @property {string} about
 * @property {readonly Step[]} steps
 */

/** Numbers for which the demo's handlers have the other side behave otherwise (handlers.py). */
const BUSY_AT_FIRST = "+12025550186";
const COSTS = "+19005550123";
/** An employee who takes calls, and one who does not. */
const TAKES_CALLS = 2;
const AWAY = 3;

const CONNECTED = { uiState: "connected" };

/** @param {string} says @param {Deed} does @param {Wanted} until @returns {Step} */
const step = (says, does, until) => ({ says, does, until });

/** @param {string} says @param {CallOptions} [options] */
const rings = (says, options = {}) =>
  step(
    says,
    { call: "incoming", options },
    {
      handled: "initialized",
      commands: ["CallCardSetCardTitle", "CallCardSetStatusText"],
      card: { uiState: "incoming" },
      phone: { phase: "ringing" },
    },
  );

/** @param {string} [says] */
const answers = (says = "The operator answers: Python has the phone take the call") =>
  step(
    says,
    { click: "answerButtonClick" },
    {
      handled: "answerButtonClick",
      commands: ["CallCardSetUiState"],
      card: { ...CONNECTED, statusText: "Answered by Python" },
      phone: { phase: "connected" },
    },
  );

/** @param {string} says @param {"outgoing" | "callback"} call @param {CallOptions} [options] */
const toCall = (says, call, options = {}) =>
  step(says, { call, options }, { handled: "initialized", card: { uiState: "outgoing" }, phone: { phase: "idle" } });

/** @param {string} says @param {string} uiState @param {string} statusText @param {string} phase */
const dials = (says, uiState, statusText, phase) =>
  step(
    says,
    { click: "makeCallButtonClick" },
    {
      handled: "makeCallButtonClick",
      card: { uiState, statusText },
      phone: { phase },
    },
  );

const pickedUp = (says = "Call: it rings at the other side, and they pick up") =>
  dials(says, "connected", "They picked up", "connected");

/** @param {string} says @param {string} [uiState] */
const hangsUp = (says, uiState = "redial") =>
  step(
    says,
    { click: "hangupButtonClick" },
    {
      handled: "hangupButtonClick",
      card: { uiState, statusText: "The call has ended" },
      phone: { phase: "idle" },
    },
  );

/** @param {string} says @param {EventName} click @param {Omit<Wanted, "handled">} until @param {unknown} [argument] */
const clicks = (says, click, until, argument) =>
  step(says, argument === undefined ? { click } : { click, argument }, { handled: click, ...until });

/** The card goes to the list's next entry by itself, and says whom it is about. @param {string} says */
const next = (says) =>
  step(
    says,
    { click: "nextButtonClick" },
    {
      handled: "entityChanged",
      card: { uiState: "outgoing" },
      phone: { phase: "idle" },
    },
  );

/** @type {readonly Scenario[]} */
export const SCENARIOS = [
  {
    id: "known",
    title: "A client we know calls",
    about: "A whole call with sound: mute, hold and the dial pad act on real WebRTC audio.",
    steps: [
      rings("Mara Lindqvist calls. Python asks the CRM who that is, and lets the phone ring"),
      answers(),
      clicks("Mute: the track falls silent, packets go on", "muteButtonClick", {
        card: { muted: true, statusText: "They cannot hear you" },
        phone: { muted: true },
      }),
      clicks("They can hear the operator again", "muteButtonClick", {
        card: { muted: false },
        phone: { muted: false },
      }),
      clicks("Hold: no sound in either direction", "holdButtonClick", {
        card: { held: true, statusText: "On hold" },
        phone: { held: true },
      }),
      clicks("Back on the call", "holdButtonClick", { card: { held: false }, phone: { held: false } }),
      clicks("The dial pad: 4 goes out as a tone", "dialpadButtonClick", { phone: { heard: "4" } }, "4"),
      clicks("And 2, which the other side hears too", "dialpadButtonClick", { phone: { heard: "42" } }, "2"),
      clicks("The operator rates the call", "qualityMeterClick", { card: { rating: 5 } }, 5),
      hangsUp("Hang up: the phone ends the call, the card offers to call again"),
    ],
  },
  {
    id: "unknown",
    title: "An unknown number calls",
    about: "The CRM does not know the number; then the operator says who it is.",
    steps: [
      rings("A number calls that is not in the CRM", { phoneNumber: "+12025550199" }),
      answers(),
      clicks(
        "The operator finds the client in the CRM: Python is told, and looks again",
        "entityChanged",
        { card: { crmEntityId: 12 }, commands: ["CallCardSetCardTitle", "CallCardSetStatusText"] },
        12,
      ),
      clicks(
        "A comment goes to the client's timeline by REST",
        "addCommentButtonClick",
        { card: { statusText: "Comment saved in the CRM" } },
        "Wants an offer for two stands",
      ),
      hangsUp("Hang up"),
    ],
  },
  {
    id: "outgoing",
    title: "Calling a client",
    about: "The operator calls; the phone says when they picked up.",
    steps: [toCall("The card of a call to Mara Lindqvist appears", "outgoing"), pickedUp(), hangsUp("Hang up")],
  },
  {
    id: "callback",
    title: "Calling back",
    about: "A client asked on the site to be called. Python sees it in the call's direction.",
    steps: [
      toCall("The request comes in as a card", "callback"),
      pickedUp("Call back: they pick up"),
      hangsUp("Hang up"),
    ],
  },
  {
    id: "list",
    title: "A call list of five",
    about: "One card for five clients. After each call Python leaves the card where Next is offered.",
    steps: [
      step(
        "The list appears with its first client",
        { call: "list", length: 5 },
        {
          handled: "initialized",
          card: { uiState: "outgoing", callListMode: true },
          phone: { phase: "idle" },
        },
      ),
      pickedUp("Call the first: they pick up"),
      hangsUp("Hang up", "outgoing"),
      next("Next: the second client, whom Python looks up"),
      next("Not today: the third"),
      pickedUp("Call the third"),
      hangsUp("Hang up", "outgoing"),
      next("The fourth"),
      next("The fifth"),
      pickedUp("Call the fifth"),
      hangsUp("Hang up", "outgoing"),
      step("Close the list", { click: "closeButtonClick" }, { card: { open: false }, phone: { phase: "idle" } }),
    ],
  },
  {
    id: "transfer",
    title: "A transfer that succeeds",
    about: "The client waits on hold while a colleague is asked.",
    steps: [
      rings("Mara Lindqvist calls"),
      answers(),
      clicks(
        "Transfer to Ines Hartmann: the client is put on hold",
        "transferButtonClick",
        { card: { uiState: "transferring", statusText: "Asking Ines Hartmann" }, phone: { held: true } },
        TAKES_CALLS,
      ),
      clicks("She takes it: the phone hands the call over and is free", "completeTransferButtonClick", {
        card: { uiState: "redial", statusText: "Handed over to Ines Hartmann" },
        phone: { phase: "idle" },
      }),
      clicks(
        "The call is over here: a comment still goes to the client's timeline",
        "addCommentButtonClick",
        { card: { statusText: "Comment saved in the CRM" }, phone: { phase: "idle" } },
        "Ines Hartmann has the call now",
      ),
    ],
  },
  {
    id: "transfer-fails",
    title: "A transfer that fails",
    about: "The colleague is away. The call is still there, and goes on.",
    steps: [
      rings("Mara Lindqvist calls"),
      answers(),
      clicks(
        "Transfer to Samir Novak",
        "transferButtonClick",
        { card: { uiState: "transferring", statusText: "Asking Samir Novak" }, phone: { held: true } },
        AWAY,
      ),
      clicks("He does not take it: an exception in Python, a state of the card", "completeTransferButtonClick", {
        card: { uiState: "transferFailed", statusText: "Samir Novak did not take the call" },
        phone: { phase: "connected" },
      }),
      clicks("Return to the client, off hold", "cancelTransferButtonClick", {
        card: CONNECTED,
        phone: { held: false },
      }),
      hangsUp("Hang up"),
    ],
  },
  {
    id: "no-money",
    title: "No money on the line",
    about: "The exchange refuses an expensive number. The card has a state for that.",
    steps: [
      toCall("A call to an expensive number", "outgoing", { phoneNumber: COSTS }),
      dials("Call: the exchange refuses", "moneyError", "The line has no credit for this number", "idle"),
      clicks("Notify the administrator", "notifyAdminButtonClick", {
        card: { statusText: "The administrator knows" },
      }),
      step("Close the card", { click: "closeButtonClick" }, { card: { open: false } }),
    ],
  },
  {
    id: "busy",
    title: "Busy, and again",
    about: "The first try meets a busy line, the second is answered.",
    steps: [
      toCall("The card of an outgoing call appears", "outgoing", { phoneNumber: BUSY_AT_FIRST }),
      dials("Call: the line is busy", "redial", "The line is busy", "idle"),
      pickedUp("Call again: they pick up"),
      hangsUp("Hang up"),
    ],
  },
];
