// Every command and query can be copied with one press; where a browser keeps its clipboard, the text is selected.
(() => {
  "use strict";
  for (const text of document.querySelectorAll("pre")) {
    const frame = document.createElement("div");
    const button = document.createElement("button");
    frame.className = "copied";
    button.type = "button";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy ${text.getAttribute("aria-label")}`);
    text.replaceWith(frame);
    frame.append(text, button);
    button.addEventListener("click", async () => {
      let said = "Copied";
      try {
        await navigator.clipboard.writeText(text.textContent);
      } catch {
        getSelection().selectAllChildren(text);
        said = "Selected";
      }
      button.textContent = said;
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }
})();
