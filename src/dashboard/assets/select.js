/** Rows that are chosen for one action: all of them by the box in the heading, how many beside the buttons; and copying. */
function update(form) {
  const boxes = [...form.querySelectorAll('[data-row]')];
  const chosen = boxes.filter((box) => box.checked).length;
  const all = form.querySelector('[data-all]');
  if (all !== null) {
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  }
  for (const place of form.querySelectorAll('[data-chosen]'))
    place.textContent = chosen === 0 ? '' : `${chosen} chosen`;
}

document.addEventListener('change', ({ target }) => {
  const form = target.closest?.('form[data-rows]');
  if (!form) return;
  if (target.matches('[data-all]')) for (const box of form.querySelectorAll('[data-row]')) box.checked = target.checked;
  update(form);
});

for (const box of document.querySelectorAll('[data-all]')) box.hidden = false;
document.addEventListener('tsworker:changed', () => {
  for (const box of document.querySelectorAll('[data-all]')) box.hidden = false;
});

/** Works on plain http too, where there is no clipboard for pages. */
async function copy(text) {
  if (navigator.clipboard !== undefined) return await navigator.clipboard.writeText(text);
  const field = document.createElement('textarea');
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand('copy');
  field.remove();
}

document.addEventListener('click', async ({ target }) => {
  const code = target.closest?.('code.cli');
  if (!code || getSelection()?.isCollapsed === false) return;
  await copy(code.textContent);
  code.dataset.copied = '';
  setTimeout(() => delete code.dataset.copied, 1500);
});
