// The landing page where the device is needed: the click token for its forms, copy, share sheet.
(function () {
  'use strict';
  document.addEventListener('submit', function (event) {
    var field = event.target.querySelector('[data-token]');
    // The address no longer carries the token; the meter has kept it for the visit.
    if (field && !field.value && window.bole) field.value = window.bole.token();
  });
  // Loaded again, the address says no longer who brought the visitor; the meter knows, once it has run.
  var visit = document.querySelector('[data-visit]');
  if (visit) {
    window.addEventListener('load', function () {
      if (window.bole && window.bole.token()) visit.hidden = false;
    });
  }
  var told = document.querySelector('[data-told]');
  var copy = document.querySelector('[data-copy]');
  var share = document.querySelector('[data-share]');
  if (copy) {
    var own = document.getElementById(copy.getAttribute('data-copy'));
    copy.hidden = false;
    copy.addEventListener('click', function () {
      var done = function () { if (told) told.textContent = copy.getAttribute('data-done'); };
      own.select();
      if (navigator.clipboard) navigator.clipboard.writeText(own.value).then(done, function () {});
      else if (document.execCommand('copy')) done();
    });
  }
  if (share && navigator.share) {
    share.hidden = false;
    share.addEventListener('click', function () {
      navigator.share({ title: share.getAttribute('data-title'), url: share.getAttribute('data-share') })
        .catch(function () {});
    });
  }
  var wrong = document.querySelector('.error-summary');
  if (wrong) wrong.focus();
})();
