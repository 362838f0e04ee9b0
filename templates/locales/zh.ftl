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
