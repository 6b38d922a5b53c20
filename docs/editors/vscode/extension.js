// Starts `posgc lsp` for .posg files; all else is in the server.
const { commands, window, workspace } = require("vscode");
const { CloseAction, LanguageClient, State } = require("vscode-languageclient/node");

const SETTING = "posgc.command";
const CURE =
  "Install posgc with `pip install 'posgc[lsp]'` in an environment on the path, or name its server in the setting " +
  `${SETTING}, such as ["/path/to/.venv/bin/posgc", "lsp"].`;

let client, output;

/** Says with a cure why there is no server; all else is said as by any client. */
class Client extends LanguageClient {
  error(message, data, shown) {
    super.error(message, data, shown === "force" ? false : shown);
    if (shown === "force") tell(/ENOENT/.test(data) ? "there is no such program" : "it ended, and the output says why");
  }
}

async function tell(why) {
  const command = workspace.getConfiguration().get(SETTING).join(" ");
  const text = `\`${command}\` does not run: ${why}. ${CURE}`;
  const chosen = await window.showErrorMessage(text, "Open Setting", "Show Output");
  if (chosen === "Open Setting") commands.executeCommand("workbench.action.openSettings", SETTING);
  if (chosen === "Show Output") output.show(true);
}

async function start() {
  if (!workspace.isTrusted) return;
  const [command, ...args] = workspace.getConfiguration().get(SETTING);
  const made = new Client("posgc", "posgc", { command, args }, {
    documentSelector: ["file", "untitled"].map((scheme) => ({ scheme, language: "posg" })),
    outputChannel: output,
    initializationFailedHandler: () => false,
    errorHandler: {
      error: (...what) => usual.error(...what),
      // one that never served would end again; that it does not start is told already
      closed: () => (made.state === State.Running ? usual.closed() : { action: CloseAction.DoNotRestart, handled: true }),
    },
  });
  const usual = made.createDefaultErrorHandler();
  client = made;
  await made.start().catch(() => undefined); // `error` has told why
}

async function stop() {
  if (client?.isRunning()) await client.dispose();
}

async function restart() {
  await stop();
  await start();
}

function activate(context) {
  output = window.createOutputChannel("posgc");
  context.subscriptions.push(
    output,
    commands.registerCommand("posgc.restart", restart),
    workspace.onDidChangeConfiguration((change) => change.affectsConfiguration(SETTING) && restart()),
    workspace.onDidGrantWorkspaceTrust(restart)
  );
  return start();
}

module.exports = { activate, deactivate: stop };
