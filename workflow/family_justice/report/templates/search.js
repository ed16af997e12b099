// A field above the studies that leaves those, and those findings and results, that hold all its words.
{
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const form = document.createElement("form");
  form.className = "search";
  form.role = "search";
  form.innerHTML = '<label for="search">Search titles and findings</label><input type="search" id="search" autocomplete="off"><output></output>';
  const [field, said] = [form.querySelector("input"), form.querySelector("output")];
  const cards = [...document.querySelectorAll(".cards article")];
  document.querySelector(".cards").before(form);
  form.addEventListener("submit", (event) => event.preventDefault());
  field.addEventListener("input", () => {
    const words = plain(field.value).split(/\s+/).filter(Boolean);
    const holds = (element) => words.every((word) => plain(element.textContent).includes(word));
    let found = 0;
    for (const card of cards) {
      const lines = [...card.querySelectorAll(".findings li, .results li")];
      const named = words.length > 0 && holds(card.querySelector("h2"));
      const hits = lines.filter((line) => !words.length || named || holds(line));
      for (const line of lines) line.hidden = !hits.includes(line);
      card.hidden = words.length > 0 && !named && !hits.length && !holds(card.querySelector(".question"));
      card.querySelector(".results").open = words.length > 0 && hits.some((line) => line.closest(".results"));
      found += !card.hidden;
    }
    said.textContent = words.length ? `${found} of ${cards.length} studies` : "";
  });
}
