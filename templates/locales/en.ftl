# The interface's texts in English. Every key is in zh.ftl too, with the same variables.

## Shell
lang-name = English
shell-skip = Skip to content
shell-nav = Main
shell-pages = Pages
shell-previous = Previous
shell-next = Next
nav-share = Share
nav-results = Results
nav-board = Board
nav-me = Me
nav-marketing = Marketing
nav-mine = Mine
nav-account = Account
nav-campaigns = Campaigns and links
nav-screen = Office screen

## Times
time-now = just now
time-minutes = { $n ->
    [one] { $n } minute ago
   *[other] { $n } minutes ago
}
time-hours = { $n ->
    [one] { $n } hour ago
   *[other] { $n } hours ago
}
time-today = today { $clock }
time-yesterday = yesterday { $clock }
weekday-1 = Mon
weekday-2 = Tue
weekday-3 = Wed
weekday-4 = Thu
weekday-5 = Fri
weekday-6 = Sat
weekday-7 = Sun

## Sign-in
signin-title = Sign in
signin-login = Employee code or e-mail
signin-password = Password
signin-go = Sign in
signin-forgot = Forgot it? An administrator can set a new one.
signin-error-wrong = Login or password is wrong. After 5 wrong ones there is a wait before the next try.
signin-error-busy = Many people are signing in right now. Try again in a few seconds.

## Errors
error-back = To the first page
error-number = Error { $status }
error-title-signin = Please sign in
error-words-signin = This page is for people who are signed in.
error-title-forbidden = Not for this account
error-words-forbidden = Your account lacks the permission. An administrator can grant it.
error-title-missing = No such page
error-words-missing = The address may be mistyped, or the page is gone.
error-title-wrong = This cannot be taken
error-words-wrong = What was sent is not what was asked for. Nothing was saved.
error-title-conflict = There is something like it already
error-words-conflict = Nothing was saved.
error-title-gone = This is over
error-words-gone = What was here has been taken down.
error-title-large = The file is too large
error-words-large = Nothing was saved. Try a smaller one.
error-title-many = Too many requests
error-words-many = Please wait a moment, then try again.
error-title-away = The system is busy
error-words-away = Nothing was saved. Try again in a few seconds.
error-title-failed = Something went wrong on our side
error-words-failed = It has been recorded. Please try again later.
error-title-link = There is nothing behind this link
error-words-link = A character may be missing. Ask whoever sent it to send it again.
error-title-over = This link is over
error-words-over = The campaign has ended, or the link was turned off. Ask whoever sent it for a new one.

## Leaderboard
shell-comma = {", "}
board-up = up
board-down = down
board-same = unchanged
board-new = new
board-place-before = #
board-by-employee = People
board-by-team = Teams
board-metric-points = by points
board-metric-clicks = by valid clicks
board-metric-leads = by leads
board-metric-sales = by sales amount
board-column-points = Points
board-column-clicks = Valid clicks
board-column-leads = Leads
board-column-sales = Sales
board-each = {" "}per head
board-amount-points = { $n } points
board-amount-clicks = { $n } clicks
board-amount-leads = { $n } leads
board-amount-sales = { $n }
board-span-running = { $period }, running
board-span-over = { $period }
board-period = { $period } ({ $span })
board-period-label = Period
board-metric-label = Compare
board-show = Show
board-filters = Filter the board
board-choose-period = Choose a period
board-choose-who = People or teams
board-frozen = frozen
board-frozen-at = frozen { $at }
board-freezes-at = freezes { $at }
board-rank = Place
board-name = Name
board-moved = Moved
board-bar = Share of the first place’s value
board-me = { $name } (me)
board-my-team = { $name } (my team)
board-hidden = Name not shown
board-team = { $members ->
    [one] { $members } member, { $total } in all
   *[other] { $members } members, { $total } in all
}
board-distance = { $far } behind place { $rank }.
board-distance-clicks = { $far } behind place { $rank }; { $clicks ->
    [one] { $clicks } more valid click gets there.
   *[other] { $clicks } more valid clicks get there.
}
board-first = In the lead.
board-restated = restated { $change }, now { $now }
board-restated-place = restated: now place { $rank }
board-late = { $value } after the freeze
board-note = Equal places stay equal, the next moves down. Names are shown as each person chose.
board-frozen-note = What arrives after the freeze is a restatement; places and prizes stand.
board-restatements = { $n ->
    [one] See { $n } restatement
   *[other] See { $n } restatements
}
board-all = Show all { $n }
board-empty = Nobody is on this board yet
board-empty-words = It appears within seconds of the first valid click.
screen-title = Leaderboard screen
screen-live = live
screen-offline = connection lost, trying again
screen-today = Today
screen-valid = Valid clicks today
screen-leads = Leads today
screen-sales = Sales today
screen-points = Points today
screen-updated = updated { $clock }

## Forms
form-optional = optional
form-save = Save
shell-back = Back

## Me
me-title = Me
me-account = Account
me-name = Name
me-login = Login
me-team = Team
me-language = Language
me-display = My name on boards
me-display-legend = What others see on boards and screens
me-display-hint = Until you choose, others see “{ $unasked }”. A change reaches frozen boards too.
me-display-full = Full name ({ $name })
me-display-nickname = Nickname
me-display-hidden = No name
me-display-choose = Please choose one.
me-nickname = Nickname
me-nickname-missing = A nickname was chosen, so there must be one.
me-nickname-long = A nickname has at most 20 characters.
me-password = Change password
me-current = Current password
me-wished = New password
me-password-hint = At least 10 characters, no common words.
me-password-short = Too short: at least 10 characters.
me-password-long = Too long: at most 256 bytes.
me-password-guessable = Too easy to guess: no common words, no repetition, not your login.
me-wrong-password = This is not your current password.
me-change = Change password
me-signout = Sign out
me-done-display = Saved. Boards show it at once.
me-done-password = The password is changed. Other devices must sign in again.
welcome-title = Your name on boards
welcome-later = Later

## Rules
rules-title = Rules
rules-points = How points are earned
points-plus = { $n ->
    [one] +{ $n } point
   *[other] +{ $n } points
}
rules-share = A compliant share with your link, up to { $n } a day
rules-click = Somebody opens it and reads over { $s } s
rules-interaction = A positive exchange with a friend in comments, approved
rules-creator = Best creator of the month
rules-expiry = Points expire on 31 December of the next year. They buy things, never cash.
rules-valid = What a valid click is
rules-valid-dwell = A person opened it and kept the page in sight for over { $s } s. Time in the background or locked does not count.
rules-valid-once = One valid click per person and link within { $h } hours.
rules-valid-repeat = Opening the same link again within { $m } minutes is a repeat.
rules-valid-people = Previews, crawlers, the office network, colleagues and yourself are recorded, not counted.
rules-credit = Whose a lead or sale is
rules-credit-window = A customer who opened your link and comes within { $d } days is yours; if they opened a colleague’s later, the last one counts.
rules-credit-coupon = Your coupon always makes it yours.
rules-credit-protection = A customer you brought cannot be taken over by another link for { $d } days; a coupon can.
rules-credit-new = New customers only: unknown for { $d } days.
rules-credit-own = Buying with your own phone or e-mail earns nothing.
rules-credit-hold = After the month closes there is a hold of { $d } days for returns.
rules-boards = Leaderboards
rules-boards-week = A week is Monday to Sunday, in Shanghai time.
rules-boards-ties = Equal places stay equal, the next moves down (1, 2, 2, 4).
rules-boards-freeze = A week freezes 24 hours after its end; what arrives later is shown as a restatement, the frozen place stands.
rules-boards-teams = Teams are compared per active member, so that small ones can win.

## Decisions: what was looked at, why it counts or not, what would have been needed
decision-coupon-none = The order came without a coupon.
decision-coupon-valid = Coupon { $code } is valid.
decision-coupon-unknown = Coupon { $code } is not one of this programme's.
decision-coupon-not-started = Coupon { $code } is not in force yet.
decision-coupon-expired = Coupon { $code } has expired.
decision-coupon-disabled = Coupon { $code } is disabled.
decision-coupon-exhausted = Coupon { $code } has been used up.
decision-coupon-owner-left = The last working day of coupon { $code }'s owner is over.
decision-click-none = No click token was handed in.
decision-click-valid = The click at { $click_at } was “{ $class }” and can be credited.
decision-click-suspect = The click at { $click_at } looks doubtful: credited, and held until a person has looked.
decision-click-not-loaded = The click token is ours, but its click has not reached the store yet; it will be decided again when it has.
decision-click-class = The click at { $click_at } was “{ $class }” and credits nobody.
decision-click-class-needed = Only a click of class “{ $class }” counts.
decision-click-after = The click at { $click_at } came after the conversion at { $occurred_at }.
decision-click-after-needed = The click must come before { $before_at }.
decision-window-in = Within the window of { $days } days after the click.
decision-window-out = The conversion at { $occurred_at } came after the window of { $days } days that began with the click at { $click_at }.
decision-window-out-needed = It must come at { $until_at } or before.
decision-touch-none = No earlier click of this customer is known.
decision-touch-chosen = The { $model } counts: { $click_at }.
decision-touch-old = This customer's last click, at { $click_at }, can no longer be credited.
decision-touch-old-needed = The conversion must come at { $until_at } or before, after a person's click.
decision-reshare-own = It came through the employee's own link.
decision-reshare-child = It came through a visitor's shared link: indirect credit only.
decision-reshare-deep = It came through a link shared on a second time; one level counts.
decision-reshare-deep-needed = It must come through the employee's link or one shared from it.
decision-employed = In employment on that day.
decision-left-before = { $day } is after the last working day.
decision-left-before-needed = It must come on { $until } or before.
decision-not-own-purchase = Not the employee's own purchase.
decision-own-purchase = The customer's phone, e-mail or id is the employee's own: own purchases do not count.
decision-owner-none = This customer belongs to nobody yet.
decision-owner-same = This customer was already brought by the same employee, within the binding.
decision-owner-over = The protection of whoever brought this customer is over.
decision-owner-beaten = A coupon beats the protection.
decision-owner-protected = A colleague brought this customer at { $bound_at }; for { $days } days no click takes them over.
decision-owner-protected-needed = It must come after { $after_at }, or with a coupon.
decision-customer-new = A new customer.
decision-customer-not-asked = The customer need not be new.
decision-customer-known = The firm knew this customer within { $days } days before the click ({ $known_at }): not a new customer.
decision-customer-known-needed = The customer must have no order, lead or entry within { $unknown_days } days.
decision-binding-none = Nobody brought this customer.
decision-binding-in = Within the binding: it goes to the employee who brought the customer.
decision-binding-over = The binding since { $bound_at } is over.
decision-binding-over-needed = It must come at { $until_at } or before.
decision-binding-held = What brought the customer is itself under review, so this waits too.
decision-claim-none = No verified claim.
decision-claim-verified = A claim was verified.
decision-form-fast = The form came back after { $open_ms } ms, faster than people type: held until a person has looked.
decision-form-fast-needed = It usually takes at least { $open_ms } ms.
decision-credited = Credited to { $employee }, by { $via }.
decision-indirect = Indirect credit for { $employee } (talent-scout pool).
decision-nobody = Nobody is credited.
decision-via-coupon = coupon
decision-via-click = click
decision-via-customer = the customer's binding or earlier click
decision-via-claim = claim
decision-model-last = last click
decision-model-first = first click
decision-class-human = human
decision-class-preview = link preview
decision-class-bot = bot
decision-class-prefetch = prefetch
decision-class-repeat = repeat
decision-class-internal = internal
decision-class-self = self
decision-class-suspect = suspect
## Share
channel-wechat-moments = Moments
channel-wechat-group = Groups
channel-xiaohongshu = Xiaohongshu
channel-weibo = Weibo
voice-pro = Expert
voice-life = Everyday
voice-fun = Funny
share-today = What to post today
share-empty = Nothing to post today
share-empty-words = A new campaign appears here.
share-picture = Campaign picture: { $title }
share-ends = until { $day }
share-channel = Post elsewhere, with the link for there
share-voice = Choose a voice
share-tag = Ad · I work at { $firm }
share-dead = This link is turned off.
share-dead-words = {" "}Marketing can open it again, or choose another channel.
share-copy = Copy text
share-poster = Save poster
share-native = Share
share-copied = Copied.
share-copied-words = {" "}The text and your link are in the clipboard, ready to paste.
share-mint = Get my link
share-posted = Posted
share-posted-hint = Tap once it is out, to book the share
share-left = { $n } more can be booked today
share-left-none = Today’s shares are all booked
share-coupon = My code, customers get { $off }
share-amount-off = { $amount } off
share-percent-off = { $n }% off
share-copy-code = Copy
share-others = Also to post
share-worth = What it is worth
share-worth-share = A share, { $n } more today
share-worth-click = Somebody reads over { $s } s
share-done-earned = Booked, the points are yours.
share-done-known = This item was booked on this channel before; no points twice.
share-done-full = Booked. Today’s shares are full, so no points for this one.

## My results
chart-data = Show the data
results-choose = Period
results-span-week = This week
results-span-month = This month
results-span-all = All
results-earlier-week = Last week
results-earlier-month = Last month
results-earlier-all = Before
results-since = since { $day }
results-points = points
results-before-week = { $before } by the same day last week, { $change }
results-before-month = { $before } by the same day last month, { $change }
results-amount = Order amount
results-balance = Points to spend
results-empty = Nobody has opened a link yet
results-empty-words = A click on your link appears here within seconds.
results-events = Each event, and why
results-more = More
trend-caption = Valid clicks a day
trend-day = Day
trend-today = last
trend-label-week = Valid clicks by day. { $sum } this week.
trend-label-month = Valid clicks by day. { $sum } this month.
trend-label-all = Valid clicks by day. { $sum } in all.
trend-before-week = {" "}{ $sum } by the same day last week.
trend-before-month = {" "}{ $sum } by the same day last month.
weekday-short-1 = M
weekday-short-2 = T
weekday-short-3 = W
weekday-short-4 = T
weekday-short-5 = F
weekday-short-6 = S
weekday-short-7 = S
funnel-title = How far people came
funnel-note = right: of the step before
funnel-step = Step
funnel-count = Count
funnel-share = Of the step before
funnel-label = Funnel: { $human } clicks by people, { $valid } valid clicks, { $leads } leads, { $sales } sales.
funnel-human = People
funnel-valid = Valid
funnel-leads = Leads
funnel-sales = Sales
funnel-others = { $machines } more requests were not people; { $short } clicks by people were too short or not measured.
pending-title = Not certain yet
pending-until = certain after { $day }
pending-until-words = { $sales } sales, { $leads } leads. After the month closes there is a hold for returns.
pending-held = being checked
pending-held-words = { $sales } sales, { $leads } leads wait for a person to look. Nobody says you cheated; the result appears here.
event-click-tap = Click, { $channel }, { $campaign }
event-click-scan = Scan, { $channel }, { $campaign }
event-lead = Lead
event-sale = Sale
event-lead-gain = { $n ->
    [one] { $n } lead
   *[other] { $n } leads
}
event-points = { $n } points
event-rule-share = Share
event-rule-click = Valid click
event-rule-interaction = Exchange in comments
event-rule-best-creator = Best creator of the month
event-rule-redemption = Spent in the shop
event-rule-expiry = Expired
verdict-counted = counted
verdict-not = not counted
verdict-waiting = not certain yet
verdict-checking = being checked
verdict-rejected = rejected
verdict-refunded = refunded
verdict-indirect = indirect
verdict-taken = taken back
verdict-spent = spent
why-valid = Stayed { $s } s.
why-short = Stayed { $s } s. More than { $limit } s are needed.
why-unmeasured = No stay was measured; more than { $limit } s are needed. Closed too fast, or the page carries no script.
why-once = Stayed long enough, but one person counts once within 24 hours.
why-indirect = Came by a link a customer passed on: indirect credit only.
why-left = After the last working day nothing is credited.
why-refunded = {" "}{ $amount } was refunded.
why-person = The stay was too short.
why-preview-agent = A chat app fetched the preview; not a person.
why-crawler-list = A crawler or program; not a person.
why-no-agent = The request named no browser; not a person.
why-script-agent = Sent by a program; not a person.
why-prefetch-header = Loaded ahead by a browser; nobody has tapped yet.
why-repeat-visitor = The same person opened this link within the hour.
why-repeat-provisional = Probably the same person again within the hour.
why-internal-network = From the office network.
why-staff-browser = A colleague’s browser.
why-own-link = You opened it yourself.
why-hosting-network = From a hosting network; a person will look.
why-scanner = Many links within seconds; a person will look.
why-no-language = The request named no language; a person will look.
why-wechat-refetch = WeChat fetched it again after opening; a person will look.
why-other-visitor = The page recognised another visitor.
why-overruled = Decided by a person after a second look.
why-do-not-track = Asked not to be tracked: recorded as a person, the stay cannot be measured.

# Poster
poster-invitation = invites you
poster-hint = Press and hold, or scan
poster-disclosure = Ad · I work at { $firm }

## The landing page
landing-ask = Leave us your contact
landing-name = Your name
landing-optional = optional
landing-phone = Phone
landing-phone-hint = A phone number or an e-mail address, one is enough.
landing-email = E-mail
landing-message = What would you like to know?
landing-trap = Leave this empty
landing-consent = You may contact me with this information; it is deleted after { $days } days.
landing-privacy = Privacy notice
landing-send = Send
landing-sent-new = Thank you, we will be in touch soon.
landing-sent-again = We have your contact already and will be in touch soon; no need to send it again.
landing-not-sent = Not sent yet; please correct this
landing-wrong-phone = This phone number cannot be right: from outside mainland China begin with the country code, like +44.
landing-wrong-contact = Please give a phone number or an e-mail address.
landing-wrong-email = This e-mail address cannot be right; it looks like name@example.com.
landing-wrong-long = This is too long: at most { $most } characters.
landing-wrong-consent = We may contact you only if you tick this box.
landing-share = Recommend it to a friend
landing-share-words = Make a link of your own for a friend who could use this.
landing-share-go = Make my link
landing-share-yours = This is your link:
landing-share-link = Your link
landing-share-sheet = Send to a friend
landing-copy = Copy the link
landing-copied = Copied

## Privacy notice
privacy-title = Privacy notice
privacy-click-title = When you open a link
privacy-click = We note the time, the link, the kind of browser and the rough region, to count what recommendations are worth. Of your network address only the first part is kept. When your browser asks not to be tracked, no identifier is set and no time is measured.
privacy-contact-title = When you leave your contact
privacy-contact = What you write is kept encrypted, seen only by whoever calls you back, each look is recorded, and it is deleted after { $days } days. What remains is a digest that cannot be turned back, to tell whether a customer is new.
privacy-cookie-title = The identifier in your browser
privacy-cookie = So that one person opening a page twice is not counted twice, a random identifier is kept in your browser. It is not used across sites, and clearing your browsing data removes it.
privacy-rights-title = Your rights
privacy-rights = You may ask at any time to see, correct or delete your information: talk to whoever sent you the link, or to the shop.
