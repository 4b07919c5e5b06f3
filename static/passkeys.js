// Says in the page that a passkey failed; allauth's script alone would only write to the console.
document.addEventListener("allauth.error", (event) => {
  const note = document.getElementById("passkey-error");
  if (!note) return;
  event.preventDefault();
  note.hidden = false;
});
