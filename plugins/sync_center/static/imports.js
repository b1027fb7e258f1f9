// Uploads with progress and a way to cancel; without this script the same form is sent by the browser itself.
(() => {
  const form = document.getElementById("upload");
  if (!form) return;
  const part = (name) => document.getElementById(`upload-${name}`);
  const bar = part("progress").querySelector("progress"), said = part("progress").querySelector("p");
  const words = part("words").dataset, button = form.querySelector("button:not([type=button])");
  let sending = null;

  const settle = (is, problem = "") => {
    part("progress").hidden = part("stop").hidden = !is;
    button.toggleAttribute("aria-disabled", is);
    if (is) button.setAttribute("aria-disabled", "true");
    part("problem").textContent = problem;
    part("problem").hidden = !problem;
  };
  const show = (event) => {
    const percent = event.total ? Math.floor((100 * event.loaded) / event.total) : 0;
    bar.value = percent;
    said.textContent = percent < 100 ? said.dataset.sending.replace("#", percent) : said.dataset.looking;
  };
  const ended = () => {
    let answer = {};
    try { answer = JSON.parse(sending.responseText); } catch { /* it says nothing that we could show */ }
    const status = sending.status;
    sending = null;
    if (answer.to) location.assign(answer.to);
    else if (status === 401 || status === 403 || !answer.message) location.reload();
    else settle(false, answer.message);
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const file = form.elements.file.files[0];
    if (!file || sending) return;
    if (file.size > Number(form.dataset.most)) return settle(false, words.large);
    settle(true);
    sending = new XMLHttpRequest();
    sending.open("POST", form.action);
    sending.setRequestHeader("accept", "application/json");
    sending.setRequestHeader("x-form-token", form.elements.form_token.value);
    sending.upload.addEventListener("progress", show);
    sending.addEventListener("load", ended);
    sending.addEventListener("error", () => { sending = null; settle(false, words.lost); });
    sending.addEventListener("abort", () => { sending = null; settle(false); });
    const data = new FormData();
    data.append("form_token", form.elements.form_token.value);
    data.append("file", file);
    sending.send(data);
  });
  part("stop").addEventListener("click", () => sending && sending.abort());
})();
