//! What every page has at hand: language, firm, who looks, where they are.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::app::{Actor, App, Permission};
use crate::domain::{Money, Period};
use crate::web::Web;
use crate::web::assets;
use crate::web::i18n::{self, Lang, Moment, Text, TimeTag};
use crate::web::ui::Icon;

/// The entry of a bar a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// 去分享.
    Share,
    /// 我的战绩.
    Results,
    /// 龙虎榜.
    Board,
    /// 我.
    Me,
    /// 活动.
    Campaigns,
    /// 消息.
    Notices,
    /// 报单.
    Claims,
    /// 报单审核.
    Review,
    /// CRM 记录.
    Crm,
    /// 打卡.
    Checkin,
    /// 积分商城.
    Shop,
    /// 规则.
    Rules,
    /// 商城管理.
    ManageShop,
    /// 白皮书.
    ManageRules,
    /// 渠道漏斗.
    Funnel,
    /// 周榜.
    Boards,
    /// 积分.
    Points,
    /// 异常核对.
    Fraud,
    /// 素材.
    Materials,
    /// 荣誉, 评选, 目标.
    Honours,
    /// 月度复盘.
    Monthly,
    /// 结算.
    PayRuns,
    /// 方案.
    PaySchemes,
    /// 数据.
    PayFacts,
    /// 建议.
    PayProposals,
    /// 非现金奖励.
    PayAwards,
    /// 薪酬操作日志.
    PayAudit,
    /// 员工.
    AdminPeople,
    /// 团队.
    AdminTeams,
    /// 角色.
    AdminRoles,
    /// 接口密钥.
    AdminKeys,
    /// 消息推送.
    AdminWebhooks,
    /// 设置.
    AdminSettings,
    /// 操作日志.
    AdminAudit,
    /// 我的收入.
    Income,
    /// 申诉.
    PayObjections,
    /// 导出.
    PayExports,
    /// None of them.
    Elsewhere,
}

impl Place {
    /// The word templates use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Share => "share",
            Self::Results => "results",
            Self::Board => "board",
            Self::Me => "me",
            Self::Campaigns => "campaigns",
            Self::Notices => "notices",
            Self::Claims => "claims",
            Self::Review => "review",
            Self::Crm => "crm",
            Self::Checkin => "checkin",
            Self::Shop => "shop",
            Self::Rules => "rules",
            Self::ManageShop => "manage-shop",
            Self::ManageRules => "manage-rules",
            Self::Funnel => "funnel",
            Self::Boards => "boards",
            Self::Points => "points",
            Self::Fraud => "fraud",
            Self::Materials => "materials",
            Self::Honours => "honours",
            Self::Monthly => "monthly",
            Self::PayRuns => "pay-runs",
            Self::PaySchemes => "pay-schemes",
            Self::PayFacts => "pay-facts",
            Self::PayProposals => "pay-proposals",
            Self::PayAwards => "pay-awards",
            Self::PayAudit => "pay-audit",
            Self::AdminPeople => "admin-people",
            Self::AdminTeams => "admin-teams",
            Self::AdminRoles => "admin-roles",
            Self::AdminKeys => "admin-keys",
            Self::AdminWebhooks => "admin-webhooks",
            Self::AdminSettings => "admin-settings",
            Self::AdminAudit => "admin-audit",
            Self::Income => "income",
            Self::PayObjections => "pay-objections",
            Self::PayExports => "pay-exports",
            Self::Elsewhere => "",
        }
    }
}

/// Who looks at a page.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// Their name.
    pub name: String,
    /// What they may do.
    pub actor: Actor,
    /// Titles they were given.
    pub titles: Vec<String>,
}

/// How much waits for who looks, by the entry of a bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Own claims with a question to answer.
    pub claims: i64,
    /// Claims to decide.
    pub review: i64,
    /// Objections to decide.
    pub objections: i64,
    /// Unread notices.
    pub notices: i64,
    /// Exchanges and points by hand to decide on.
    pub points: i64,
    /// Suspicions to look into.
    pub fraud: i64,
}

/// What every page has at hand; templates call it `s`.
#[derive(Clone, Debug)]
pub struct Shell {
    /// Language of the page.
    pub lang: Lang,
    /// The firm's name.
    pub firm: Arc<str>,
    /// Business zone and now.
    pub moment: Moment,
    /// Which entry is current.
    pub place: Place,
    /// Who looks, when signed in.
    pub viewer: Option<Viewer>,
    /// What waits for them.
    pub waiting: Waiting,
}

impl Shell {
    /// For a page nobody needs to sign in to.
    pub fn public(web: &Web, lang: Lang) -> Self {
        Self {
            lang,
            firm: Arc::clone(&web.front.firm),
            moment: moment(&web.app, lang),
            place: Place::Elsewhere,
            viewer: None,
            waiting: Waiting::default(),
        }
    }

    /// A text.
    pub fn t(&self, key: &'static str) -> Text {
        self.lang.t(key)
    }

    /// A family's text.
    pub fn word(&self, family: &'static str, word: impl fmt::Display) -> Text {
        self.lang.word(family, word)
    }

    /// A channel as people say it.
    pub fn channel(&self, channel: &str) -> String {
        self.lang.channel(channel)
    }

    /// An icon.
    pub fn icon(&self, name: &'static str) -> Icon {
        Icon { name, class: "icon" }
    }

    /// The firm's mark.
    pub fn mark(&self) -> Icon {
        Icon {
            name: "bole",
            class: "mark",
        }
    }

    /// The address of a file of `static/`.
    pub fn asset(&self, name: &str) -> &'static str {
        assets::url(name)
    }

    /// Whether a bar's entry is where one is.
    pub fn here(&self, place: &str) -> bool {
        self.place.as_str() == place
    }

    /// Whether who looks may do this.
    pub fn may(&self, permission: Permission) -> bool {
        self.viewer.as_ref().is_some_and(|v| v.actor.may(permission))
    }

    /// Whether who looks sees the campaigns.
    pub fn sees_campaigns(&self) -> bool {
        self.may(Permission::ReadTracker)
    }

    /// Whether who looks may change campaigns and links.
    pub fn writes_campaigns(&self) -> bool {
        self.may(Permission::WriteCampaigns)
    }

    /// Whether who looks decides on points.
    pub fn decides_points(&self) -> bool {
        self.may(Permission::DecidePoints)
    }

    /// Whether who looks looks into suspicions.
    pub fn looks_into(&self) -> bool {
        self.may(Permission::OverruleClicks)
    }

    /// Whether who looks publishes boards.
    pub fn publishes_boards(&self) -> bool {
        self.may(Permission::PublishBoards)
    }

    /// Whether who looks decides on claims.
    pub fn reviews_claims(&self) -> bool {
        self.may(Permission::DecideClaims)
    }

    /// Whether who looks may send CRM records.
    pub fn sends_records(&self) -> bool {
        self.may(Permission::SendConversions)
    }

    /// Whether who looks reads everybody's pay.
    pub fn reads_pay(&self) -> bool {
        self.may(Permission::ReadPay)
    }

    /// Whether who looks runs the system: people, keys, settings, audit log.
    pub fn administers(&self) -> bool {
        self.may(Permission::Administer)
    }

    /// Whether who looks takes pay out in files.
    pub fn exports_pay(&self) -> bool {
        self.may(Permission::CalculatePay)
    }

    /// Whether who looks publishes the programme's rules.
    pub fn publishes_rules(&self) -> bool {
        self.may(Permission::PublishRules)
    }

    /// Whether who looks fills the shop and hands over.
    pub fn runs_shop(&self) -> bool {
        self.may(Permission::RunShop)
    }

    /// Where the desk of who looks begins, for whoever has one beside the pages of their own.
    pub fn desk(&self) -> Option<&'static str> {
        self.viewer.as_ref().and_then(|v| desk(&v.actor))
    }

    /// What waits where their desk begins: claims, when it begins with them.
    pub fn desk_waiting(&self) -> Option<String> {
        let claims = self.desk() == Some("/app/review/claims") && self.waiting.review > 0;
        claims.then(|| i18n::grouped(self.waiting.review))
    }

    /// Titles of who looks.
    pub fn titles(&self) -> &[String] {
        self.viewer.as_ref().map_or(&[], |v| &v.titles)
    }

    /// Whether who looks has pages of their own: is an employee.
    pub fn is_employee(&self) -> bool {
        self.viewer.as_ref().is_some_and(|v| v.actor.employee().is_some())
    }

    /// An amount: `¥1,234.50`.
    pub fn yuan(&self, amount: impl std::borrow::Borrow<Money>) -> String {
        i18n::yuan(*amount.borrow())
    }

    /// A count: `1,234`.
    pub fn num(&self, number: &i64) -> String {
        i18n::grouped(*number)
    }

    /// An instant, relative where it is near.
    pub fn time(&self, at: &Timestamp) -> TimeTag {
        self.moment.time(*at)
    }

    /// An instant, exact: `11月24日 00:00`.
    pub fn exact(&self, at: &Timestamp) -> String {
        self.moment.exact(*at)
    }

    /// When the page was made: `16:32`.
    pub fn clock(&self) -> String {
        self.moment.clock(self.moment.now)
    }

    /// A day without its year.
    pub fn day(&self, day: &Date) -> String {
        i18n::day_words(self.lang, *day)
    }

    /// A day with its year.
    pub fn date(&self, day: &Date) -> String {
        i18n::date_words(self.lang, *day)
    }

    /// A period by name.
    pub fn period(&self, period: &Period) -> String {
        i18n::period_words(self.lang, period)
    }

    /// A period's days.
    pub fn span(&self, period: &Period) -> String {
        i18n::span_words(self.lang, period)
    }
}

/// The page at which somebody's desk begins, by what their roles are for.
pub fn desk(actor: &Actor) -> Option<&'static str> {
    let desks = [
        (Permission::Administer, "/app/admin/people"),
        (Permission::WriteCampaigns, "/app/manage/campaigns"),
        (Permission::DecideClaims, "/app/review/claims"),
        (Permission::ReadPay, "/app/pay/runs"),
    ];
    let mine = desks.into_iter().find(|(right, _)| actor.may(*right));
    mine.map(|(_, path)| path)
}

/// "Now" of a page.
pub fn moment(app: &App, lang: Lang) -> Moment {
    Moment {
        lang,
        zone: app.programme.zone.clone(),
        now: app.now(),
    }
}

#[cfg(test)]
impl Shell {
    /// A shell for samples: Friday, 20 November 2026, 16:20 in Shanghai.
    pub fn sample(lang: Lang, place: Place) -> Self {
        use crate::domain::{EmployeeId, Role};
        Self {
            lang,
            firm: "晴美美容".into(),
            moment: Moment {
                lang,
                zone: jiff::tz::TimeZone::get("Asia/Shanghai").unwrap(),
                now: "2026-11-20T08:20:00Z".parse().unwrap(),
            },
            place,
            viewer: Some(Viewer {
                name: "张晓雯".into(),
                actor: Actor::Account {
                    id: 7,
                    roles: vec![Role::Employee, Role::Manager, Role::Verifier],
                    employee: Some(EmployeeId(7)),
                },
                titles: vec!["素材达人".into()],
            }),
            waiting: Waiting {
                claims: 1,
                review: 6,
                objections: 2,
                notices: 3,
                ..Waiting::default()
            },
        }
    }
}
