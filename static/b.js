// Bole's visit meter: tells the short-link host that a click's page was opened, looked at for longer than the limit,
// and left. No dependency, no eval; runs under `script-src <short host>; connect-src <short host>`.
//
//   <script src="https://s.example/b.js" data-limit="30000" async></script>
//
// data-limit   visible time to exceed, milliseconds (default 30000); the server decides by its own setting and clock
// bole.token() the click token, for the site's forms; '' when the visit came by no link of ours
// boleConsent  optional, set before this script: function (go) { … }. Until it calls go(), nothing is stored or sent:
//              the token is only taken out of the address and kept in memory
//
// Served is b.min.js, made from this file by
//   npx terser@5 static/b.js -c passes=3,ecma=5 -m -o static/b.min.js && printf '//%s' $(gzip -c static/b.js | tail -c8 |
//   head -c4 | od -An -tx4 | tr -d ' ') >> static/b.min.js
// (the trailing comment is the CRC-32 of this file: a test fails when the two have parted).
(function (w, d) {
  var script = d.currentScript, nav = navigator;
  if (!script || w.bole) return;
  var limit = +script.getAttribute('data-limit') || 3e4;
  var url = script.src.split('/').slice(0, 3).join('/') + '/b';
  var found = /[?&]bclid=([\w-]{38})(&|$)/.exec(location.search);
  var token = found ? found[1] : '', running;
  // visible: milliseconds looked at. last: when the last step was, 0 while hidden. started: when the server had the
  // start. passed: it has the limit. told: visible time it was last told on leaving. quiet: no sending before that.
  var visible = 0, last = 0, started = 0, passed = 0, told = 0, quiet = 0, interacted = 0, visitor = '';
  w.bole = { token: function () { return token; } };

  // A copied address must not carry the token; other parameters and the fragment stay.
  if (found) {
    var rest = location.search.slice(1).split('&').filter(function (part) { return part.indexOf('bclid='); }).join('&');
    history.replaceState(history.state, '', location.href.split('?')[0] + (rest && '?' + rest) + location.hash);
  }

  function keep() {
    try { sessionStorage.bole = [token, visible, started, passed]; } catch (e) {}
  }

  function body(kind) {
    return [token, kind, visible, interacted].concat(visitor || []).join();
  }

  function post(text) {
    return fetch(url, { method: 'POST', body: text, keepalive: true, credentials: 'omit' });
  }

  // Until it lands: a failure is tried again after three seconds.
  function tell(kind, done) {
    quiet = 1 / 0;
    post(body(kind)).then(function (answer) {
      quiet = answer.ok ? 0 : Date.now() + 3e3;
      if (answer.ok) { done(); keep(); }
    }, function () { quiet = Date.now() + 3e3; });
  }

  function tick() {
    var now = Date.now(), step = now - last, shown = d.visibilityState != 'hidden';
    // A long step was sleep or a frozen page, a negative one a clock being set.
    if (last && step > 0 && step < 5e3) visible += step;
    last = shown ? now : 0;
    if (!shown || now < quiet) return;
    if (!started) tell(1, function () { started = Date.now(); });
    else if (!passed && visible > limit && now - started > limit) tell(2, function () { passed = 1; });
  }

  function leave(event) {
    tick();
    if (event.type != 'pagehide' && d.visibilityState != 'hidden') return;
    keep();
    if (visible - told < 500) return;
    told = visible;
    if (!nav.sendBeacon || !nav.sendBeacon(url, body(3))) post(body(3)).catch(function () {});
  }

  function go() {
    if (running || !w.fetch) return;
    running = 1;
    try {
      // On the next page of the same visit the count goes on.
      var kept = (sessionStorage.bole || '').split(',');
      if (!token || token == kept[0]) {
        token = kept[0];
        visible = told = +kept[1] || 0;
        started = +kept[2] || 0;
        passed = +kept[3] || 0;
      }
      if (!token) return;
      visitor = localStorage.bole || btoa(String.fromCharCode.apply(0, crypto.getRandomValues(new Uint8Array(16))))
        .replace(/\+/g, '-').replace(/\//g, '_').slice(0, 22);
      localStorage.bole = visitor;
    } catch (e) {}
    if (!token) return;
    ['scroll', 'click', 'keydown', 'touchstart'].forEach(function (name) {
      d.addEventListener(name, function () { interacted = 1; }, true);
    });
    d.addEventListener('visibilitychange', leave);
    w.addEventListener('pagehide', leave);
    setInterval(tick, 500);
    tick();
  }

  if (w.boleConsent) w.boleConsent(go); else go();
})(window, document);
