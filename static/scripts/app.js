// What the pages can do better with JavaScript. None of it is needed: every page works without.

// Messages can be put away. The button is made here, since without a script it would do nothing.
for (const box of document.querySelectorAll('.flashes[data-dismiss]')) {
  for (const message of box.querySelectorAll('.message')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'close';
    button.setAttribute('aria-label', box.dataset.dismiss);
    const cross = document.createElement('i');
    cross.className = 'close icon';
    cross.setAttribute('aria-hidden', 'true');
    button.append(cross);
    button.addEventListener('click', () => {
      (message.closest('[role]') ?? message).remove();
      if (!box.querySelector('.message')) box.remove();
      document.getElementById('content')?.focus({ preventScroll: true });
    });
    message.append(button);
  }
}

// An open menu closes with Escape, with a click beside it, and when the focus leaves it.
for (const menu of document.querySelectorAll('details[data-menu]')) {
  menu.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !menu.open) return;
    event.stopPropagation();
    menu.open = false;
    menu.querySelector('summary').focus();
  });
  menu.addEventListener('focusout', (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
  document.addEventListener('click', (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
}

// A form that was refused puts the cursor where the first mistake is.
document.querySelector('form [aria-invalid="true"]')?.focus();

// A second click while a form is on its way sends nothing twice. Coming back with the browser's
// back button finds the button usable again.
for (const form of document.querySelectorAll('form[method="post" i]')) {
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = 'yes';
    event.submitter?.setAttribute('aria-busy', 'true');
  });
}
window.addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
  for (const busy of document.querySelectorAll('[aria-busy="true"]')) busy.removeAttribute('aria-busy');
});
