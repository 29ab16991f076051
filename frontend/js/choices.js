// A field that hides what does not match it among many boxes to tick; without this file they all stand there.
// <div data-filters="id-of-the-boxes" hidden><input type="search"></div>
function ready(root) {
  for (const box of root.querySelectorAll?.("[data-filters][hidden]") ?? []) {
    const choices = document.getElementById(box.dataset.filters);
    const field = box.querySelector("input");
    box.hidden = false;
    field.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
    field.addEventListener("input", () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const choice of choices.querySelectorAll(".choice")) {
        const text = choice.textContent.toLowerCase();
        choice.hidden = !words.every((word) => text.includes(word));
      }
      for (const title of choices.querySelectorAll(".choices-title")) {
        title.hidden = !title.nextElementSibling.querySelector(".choice:not([hidden])");
      }
    });
  }
}
ready(document);
