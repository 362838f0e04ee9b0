//! The invented firm: a salon chain of four shops and an online desk.

/// The firm's name.
pub const FIRM: &str = "晴美美容";

/// Code and name of the teams.
pub const TEAMS: [(&str, &str); 5] = [
    ("jingan", "静安店"),
    ("xuhui", "徐汇店"),
    ("pudong", "浦东店"),
    ("changning", "长宁店"),
    ("online", "线上顾问部"),
];

/// One invented member of staff.
pub struct Person {
    /// Employee code.
    pub code: &'static str,
    /// Full name.
    pub name: &'static str,
    /// How they appear on boards: a nickname, `full`, `hidden`, or nothing said yet.
    pub shown: Shown,
    /// How many times the average person's reach theirs is, tenths.
    pub reach: u32,
}

/// What a person chose to show.
pub enum Shown {
    /// Full name.
    Full,
    /// This nickname.
    Nick(&'static str),
    /// No name.
    Hidden,
    /// Not asked yet.
    Unasked,
}

use Shown::{Full, Hidden, Nick, Unasked};

const fn person(code: &'static str, name: &'static str, shown: Shown, reach: u32) -> Person {
    Person {
        code,
        name,
        shown,
        reach,
    }
}

/// The staff, nine to a shop; the team is the index divided by nine.
pub const PEOPLE: [Person; 45] = [
    person("linxiaowen", "林晓雯", Full, 38),
    person("zhangsan", "张珊", Full, 22),
    person("wangfang", "王芳", Nick("芳姐"), 16),
    person("lijing", "李静", Full, 12),
    person("zhaomin", "赵敏", Unasked, 9),
    person("sunli", "孙莉", Full, 8),
    person("zhoumei", "周梅", Hidden, 6),
    person("wuyan", "吴燕", Full, 5),
    person("zhengjie", "郑洁", Unasked, 2),
    person("chenchen", "陈晨", Nick("辰辰"), 31),
    person("huangying", "黄莹", Full, 18),
    person("liuting", "刘婷", Full, 13),
    person("yangxue", "杨雪", Full, 11),
    person("xuna", "徐娜", Unasked, 10),
    person("mali", "马丽", Full, 7),
    person("zhuhong", "朱红", Full, 6),
    person("hujuan", "胡娟", Hidden, 4),
    person("guolan", "郭兰", Full, 1),
    person("ouyangqian", "欧阳倩", Full, 27),
    person("helin", "何琳", Nick("小何"), 17),
    person("gaoyun", "高芸", Full, 12),
    person("luoxi", "罗茜", Full, 10),
    person("liangyue", "梁悦", Full, 9),
    person("songjia", "宋佳", Unasked, 8),
    person("tangwei", "唐薇", Full, 6),
    person("xuhui2", "许慧", Full, 5),
    person("hanbing", "韩冰", Full, 3),
    person("fengqi", "冯琪", Full, 24),
    person("dengli", "邓丽", Nick("邓邓"), 15),
    person("caoying", "曹颖", Full, 12),
    person("pengyu", "彭瑜", Full, 9),
    person("zengxin", "曾欣", Full, 8),
    person("xiaohan", "肖涵", Unasked, 7),
    person("tianye", "田野", Full, 5),
    person("dongmin", "董敏", Full, 4),
    person("yuanyuan", "袁媛", Hidden, 2),
    person("panxia", "潘霞", Full, 29),
    person("yuqing", "于晴", Full, 19),
    person("jiangnan", "蒋楠", Nick("阿楠"), 14),
    person("caihua", "蔡花", Full, 10),
    person("yulei", "余蕾", Full, 9),
    person("duxin", "杜欣", Unasked, 7),
    person("yelan", "叶岚", Full, 6),
    person("chengcheng", "程橙", Full, 4),
    person("weiwei", "魏薇", Full, 3),
];

/// The one who left in week ten: her links go on redirecting, but earn to her last day.
pub const LEAVER: &str = "dongmin";

/// The invented customers' surnames.
pub const SURNAMES: [&str; 20] = [
    "陈", "李", "王", "张", "刘", "黄", "周", "吴", "徐", "孙", "马", "朱", "胡", "郭", "何", "林", "罗",
    "高", "郑", "梁",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn everybody_has_a_code_of_their_own() {
        let codes: HashSet<_> = PEOPLE.iter().map(|p| p.code).collect();
        assert_eq!(codes.len(), PEOPLE.len());
        assert!(codes.contains(LEAVER));
    }
}
