// Starts `posgc lsp` for .posg files; all else is in the server.
const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

function activate() {
  const [command, ...args] = workspace.getConfiguration("posgc").get("command");
  client = new LanguageClient(
    "posgc",
    "posgc",
    { command, args },
    { documentSelector: [{ language: "posg" }] }
  );
  return client.start();
}

function deactivate() {
  return client && client.stop();
}

module.exports = { activate, deactivate };
