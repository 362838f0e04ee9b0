# 界面文字，中文。每个键在 en.ftl 里都要有同名的一条，变量也要相同。

## 外壳
lang-name = 中文
shell-skip = 跳到正文
shell-nav = 主导航
shell-pages = 翻页
shell-previous = 上一页
shell-next = 下一页
nav-share = 去分享
nav-results = 我的战绩
nav-board = 龙虎榜
nav-me = 我
nav-marketing = 市场
nav-mine = 我的
nav-account = 账号
nav-campaigns = 活动与链接
nav-screen = 大屏

## 时间
time-now = 刚刚
time-minutes = { $n } 分钟前
time-hours = { $n } 小时前
time-today = 今天 { $clock }
time-yesterday = 昨天 { $clock }
weekday-1 = 周一
weekday-2 = 周二
weekday-3 = 周三
weekday-4 = 周四
weekday-5 = 周五
weekday-6 = 周六
weekday-7 = 周日

## 登录
signin-title = 登录
signin-login = 工号或邮箱
signin-password = 密码
signin-go = 登录
signin-forgot = 不记得密码，请找管理员重设。
signin-error-wrong = 账号或密码不对。连错 5 次后要等一会儿才能再试。
signin-error-busy = 同时登录的人太多，过几秒再试。

## 出错
error-back = 回到首页
error-number = 错误 { $status }
error-title-signin = 请先登录
error-words-signin = 这一页要登录后才能看。
error-title-forbidden = 这里你进不去
error-words-forbidden = 你的账号没有这项权限。需要的话，请找管理员开通。
error-title-missing = 没有这一页
error-words-missing = 地址可能抄错了，或者这一页已经不在。
error-title-wrong = 这样提交不行
error-words-wrong = 提交的内容和要求不符，什么也没有保存。
error-title-conflict = 和已有的冲突
error-words-conflict = 什么也没有保存。
error-title-gone = 已经结束
error-words-gone = 这里的内容已经撤下。
error-title-large = 文件太大
error-words-large = 什么也没有保存，换一个小一点的再试。
error-title-many = 太频繁了
error-words-many = 请稍等一会儿再试。
error-title-away = 系统正忙
error-words-away = 什么也没有保存，过几秒再试。
error-title-failed = 我们这边出错了
error-words-failed = 已经记录下来，我们会处理。过一会儿再试。
error-title-link = 这个链接没有内容
error-words-link = 可能少抄了一位。找发链接给你的人再要一次就好。
error-title-over = 这个链接已经结束
error-words-over = 活动结束，或者链接停用了。找发链接给你的人要一个新的就好。

## 榜单里的升降
board-up = 上升
board-down = 下降
board-same = 不变
board-new = 新上榜

## 表单
form-optional = 可不填
form-save = 保存
shell-back = 返回

## 我
me-title = 我
me-account = 账号
me-name = 姓名
me-login = 登录名
me-team = 团队
me-language = 语言
me-display = 榜上怎么叫我
me-display-legend = 别人在龙虎榜和大屏上看到
me-display-hint = 没有选之前，别人看到的是“{ $unasked }”。随时可以改，已定榜的也跟着改。
me-display-full = 全名（{ $name }）
me-display-nickname = 昵称
me-display-hidden = 不公开姓名
me-display-choose = 请选一种。
me-nickname = 昵称
me-nickname-missing = 选了昵称，就要写一个。
me-nickname-long = 昵称最多 20 个字。
me-password = 改密码
me-current = 现在的密码
me-wished = 新密码
me-password-hint = 至少 10 个字符，不要用常见的词。
me-password-short = 太短，至少 10 个字符。
me-password-long = 太长，最多 256 个字节。
me-password-guessable = 太容易猜到，不要用常见的词、重复的字符或登录名。
me-wrong-password = 和现在的密码不一样。
me-change = 改密码
me-signout = 退出登录
me-done-display = 已保存。榜上马上就改。
me-done-password = 密码改好了，其他设备要重新登录。
welcome-title = 榜上怎么叫你
welcome-later = 以后再说

## 规则
rules-title = 规则
rules-points = 积分怎么来
points-plus = +{ $n } 积分
rules-share = 带专属链接的合规分享，每天最多 { $n } 次
rules-click = 有人点开，看满 { $s } 秒以上
rules-interaction = 和朋友在评论里的正面互动，审核通过
rules-creator = 本月最佳创作者
rules-expiry = 积分到次年 12月31日 过期，只能换东西，不能换钱。
rules-valid = 什么是有效点击
rules-valid-dwell = 真人点开，页面在眼前停留超过 { $s } 秒。切到后台、锁屏的时间不算。
rules-valid-once = 同一个人点同一条链接，{ $h } 小时内只算一次有效点击。
rules-valid-repeat = { $m } 分钟内再点同一条链接，记作重复。
rules-valid-people = 微信预览、爬虫、公司内网、同事和自己点的，都记下来，但不算。
rules-credit = 线索和成交算谁的
rules-credit-window = 客户点过你的链接，{ $d } 天内留资或下单，算你的；之后又点了别人的，算最后那位。
rules-credit-coupon = 用了你的优惠码，一定算你的。
rules-credit-protection = 你带来的客户，{ $d } 天内别人的链接抢不走，优惠码除外。
rules-credit-new = 新客才算：{ $d } 天内没有登记过。
rules-credit-own = 用自己的手机号、邮箱下单，不算。
rules-credit-hold = 月底结算后再等 { $d } 天退货期。
rules-boards = 龙虎榜
rules-boards-week = 一周从周一到周日，按上海时间。
rules-boards-ties = 并列同名次，下一名顺延（1、2、2、4）。
rules-boards-freeze = 周结束 24 小时后定榜；之后到的数据记回那一周，写成更正，名次以定榜为准。
rules-boards-teams = 团队按在岗人数平均，小团队也能赢。
