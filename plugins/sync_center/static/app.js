// Only what a page cannot do without script: the device's appearance, menus that close, the word about the connection.
(() => {
  const root = document.documentElement, device = matchMedia("(prefers-color-scheme: dark)");
  const settle = () => root.dataset.theme === "auto" && root.classList.toggle("dark", device.matches);
  settle();
  device.addEventListener("change", settle);

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
    if (event.target.closest("[aria-disabled=true]")) event.preventDefault();
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) { menu.open = false; menu.querySelector("summary").focus(); }
  });

  const offline = (is) => { const word = document.getElementById("offline"); if (word) word.hidden = !is; };
  document.addEventListener("htmx:sse:error", () => offline(true));
  document.addEventListener("htmx:sse:after:connection", () => offline(false));
})();
