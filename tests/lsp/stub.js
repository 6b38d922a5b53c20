// Runs the extension of VS Code without VS Code, and prints what it starts and shows, a line of JSON each.
// Arguments: the extension, and what happens in turn: `die:MESSAGE`, `restart`, `setting:COMMAND`, `trust`, `crash`.
const Module = require("module");
const [extension, ...happenings] = process.argv.slice(2);
const say = (...what) => console.log(JSON.stringify(what));

let setting = ["posgc", "lsp"];
let dying = ""; // why no server starts
const heard = {};
const when = (name) => (listener) => ((heard[name] = listener), { dispose() {} });
const vscode = {
  commands: { registerCommand: (name, listener) => when(name)(listener) },
  window: {
    createOutputChannel: (name) => ({ name }),
    showErrorMessage: async (text, ...buttons) => say("shown", text, buttons),
  },
  workspace: {
    isTrusted: !happenings.includes("trust"),
    getConfiguration: () => ({ get: () => setting }),
    onDidChangeConfiguration: when("setting"),
    onDidGrantWorkspaceTrust: when("trust"),
  },
};

class LanguageClient {
  constructor(id, name, server, options) {
    Object.assign(this, { server, options, state: 3 });
  }
  error(message, data, shown = true) {
    if (shown) say("shown by the client", message);
  }
  createDefaultErrorHandler = () => ({ closed: () => ({ action: 2 }) });
  isRunning = () => this.state === 2;
  async start() {
    say("start", [this.server.command, ...this.server.args], this.options.documentSelector);
    if (dying) {
      say("closed", await this.options.errorHandler.closed());
      this.error("couldn't create connection to server.", dying, "force");
      throw new Error(dying);
    }
    this.state = 2;
    LanguageClient.last = this;
  }
  async dispose() {
    this.state = 1;
    say("stop");
  }
}

const client = { LanguageClient, CloseAction: { DoNotRestart: 1, Restart: 2 }, State: { Stopped: 1, Running: 2, Starting: 3 } };
const found = { vscode, "vscode-languageclient/node": client };
const load = Module._load;
Module._load = (name, ...rest) => found[name] ?? load(name, ...rest);

(async () => {
  const made = require(extension);
  if (happenings[0]?.startsWith("die:")) dying = happenings.shift().slice(4);
  await made.activate({ subscriptions: [] });
  for (const happening of happenings) {
    dying = "";
    if (happening === "restart") await heard["posgc.restart"]();
    if (happening === "trust") (vscode.workspace.isTrusted = true), await heard.trust();
    if (happening === "crash") say("closed", await LanguageClient.last.options.errorHandler.closed());
    if (happening.startsWith("setting:")) {
      setting = happening.slice(8).split(" ");
      await heard.setting({ affectsConfiguration: (name) => name === "posgc.command" });
    }
  }
  await made.deactivate();
})();
