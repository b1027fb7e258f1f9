// Keys for the queue and a case. They do what is on the page already: move the focus, press a link or a button.
(() => {
  const find = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const SWITCH = "stage-first-keys";
  const keys = find("#keys-on");
  if (keys) {
    keys.checked = localStorage.getItem(SWITCH) !== "off";
    keys.addEventListener("change", () => localStorage.setItem(SWITCH, keys.checked ? "on" : "off"));
  }

  // While somebody types, and with keys that belong to the browser or a screen reader, nothing is ours.
  const isTyping = (target) => target.isContentEditable || target.matches("textarea, select, input:not([type=radio], [type=checkbox])");
  const press = (selector) => { const found = find(selector); if (found) found.click(); return Boolean(found); };
  const send = (selector) => { const form = find(selector); if (form) form.requestSubmit(); return Boolean(form); };

  const rows = () => all("#queue a.row");
  const step = (by) => {
    const list = rows(), now = list.indexOf(document.activeElement);
    const next = list[now < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(list.length - 1, Math.max(0, now + by))];
    if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
    return Boolean(next);
  };
  const move = (by) => rows().length ? step(by) : press(by > 0 ? "#following" : "#previous");

  const choose = (radio) => {
    if (!radio) return false;
    radio.checked = true;
    const whose = radio.value === "not_theirs" && find("[name=whose]:checked, [name=whose]");
    (whose || find("#decide-button")).focus();
    radio.closest(".choice").scrollIntoView({ block: "nearest" });
    return true;
  };
  const chooseClient = (number) => {
    const answer = find("[name=answer]:checked");
    if (!answer) return false;
    if (answer.value === "same") {
      const box = all("[name=client]")[number - 1];
      if (box) box.checked = !box.checked;
      return Boolean(box);
    }
    const one = answer.value === "not_theirs" && all("[name=whose]")[number - 1];
    if (one) { one.checked = true; find("#decide-button").focus(); }
    return Boolean(one);
  };
  const explain = () => {
    const legend = find("#legend");
    legend.open = !legend.open;
    if (legend.open) { legend.querySelector("summary").focus(); legend.scrollIntoView({ block: "nearest" }); }
    return true;
  };

  const common = {
    j: () => move(1), k: () => move(-1), ArrowDown: () => rows().length > 0 && step(1), ArrowUp: () => rows().length > 0 && step(-1),
    u: () => send("#undo"), "?": explain, "/": () => { const q = find("#q"); if (q) { q.focus(); q.select(); } return Boolean(q); },
    n: () => press("#next-page"), b: () => press("#back"), r: () => { const why = find("#because"); if (why) why.focus(); return Boolean(why); },
    a: () => choose(find("[data-proposed] [name=answer]")),
  };

  // To say whose a value is not is to answer.
  for (const one of all("[name=whose]")) one.addEventListener("change", () => { find("[name=answer][value=not_theirs]").checked = true; });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isTyping(event.target)) { event.target.blur(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
    if (event.repeat && !/^(j|k|Arrow)/.test(event.key)) return;
    if (keys && !keys.checked && !event.key.startsWith("Arrow")) return;
    if (event.key === "Enter" && event.target.matches("#decide [type=radio], #decide [type=checkbox]")) { event.preventDefault(); send("#decide"); return; }
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const done = /^[1-9]$/.test(key) ? chooseClient(Number(key)) : common[key] ? !event.target.matches("[type=radio]") || !key.startsWith("Arrow") ? common[key]() : false : choose(find(`[data-key="${CSS.escape(key)}"]`));
    if (done) event.preventDefault();
  });
})();
