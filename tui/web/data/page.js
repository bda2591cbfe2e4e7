// The socket is on the host that the page came from, whatever name the visitor has for it.
document.addEventListener("DOMContentLoaded", () => {
  const scheme = location.protocol === "https:" ? "wss://" : "ws://";
  const terminal = document.getElementById("terminal");
  terminal.dataset.sessionWebsocketUrl = scheme + location.host + "/ws";
  document.getElementById("again").addEventListener("click", () => location.reload());
});

// Keys go to the screen at once, without a click on it.
window.addEventListener("load", () => {
  setTimeout(() => document.querySelector(".xterm-helper-textarea")?.focus());
});
