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

## Moves on a board
board-up = up
board-down = down
board-same = unchanged
board-new = new
