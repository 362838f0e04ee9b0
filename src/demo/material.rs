//! Campaigns and their material: copy in three voices.

/// One campaign with one piece of material.
pub struct DemoCampaign {
    /// Slug.
    pub slug: &'static str,
    /// Name.
    pub name: &'static str,
    /// One line below the name.
    pub line: &'static str,
    /// First week of the twelve it runs in (0–11).
    pub from_week: i64,
    /// Week after the last (0–12); 13: no end.
    pub to_week: i64,
    /// Price of what it sells, fen, from and to.
    pub price: (i64, i64),
    /// Amount off with an employee's coupon, fen.
    pub coupon_off: i64,
    /// Professional voice.
    pub pro: &'static str,
    /// Everyday voice.
    pub life: &'static str,
    /// Funny voice.
    pub fun: &'static str,
    /// Colours of the drawn picture: ground, far, near.
    pub colours: [u32; 3],
}

/// The six campaigns.
pub const CAMPAIGNS: [DemoCampaign; 6] = [
    DemoCampaign {
        slug: "autumn-repair",
        name: "初秋修护月",
        line: "屏障修护护理 75 分钟，新客体验价 328 元",
        from_week: 0,
        to_week: 5,
        price: (32_800, 198_000),
        coupon_off: 3_000,
        pro: "换季泛红、刺痛，多半是屏障受损。先做皮肤检测，再用舒缓修护，不叠加猛药。新客体验价 328 元，报我的码再减 30 元。",
        life: "一到九月脸就闹脾气，今天给自己排了一小时修护，敷完出门风都是软的。想试的朋友从这里约，到店找我。",
        fun: "九月的脸：一半沙漠一半火山。做完修护：终于是同一个星球了。地址在链接里，报我的码减 30 元。",
        colours: [0xec_eb_e8, 0xf3_df_d6, 0xac_56_38],
    },
    DemoCampaign {
        slug: "holiday-glow",
        name: "国庆焕亮套餐",
        line: "清洁加补水双人同行，第二位半价",
        from_week: 2,
        to_week: 7,
        price: (49_800, 149_800),
        coupon_off: 5_000,
        pro: "节前三天做清洁补水，妆更服帖。双人同行第二位半价，两位都会先测皮肤再定方案。报我的码再减 50 元。",
        life: "和闺蜜约好国庆前来焕个亮，她做清洁我做补水，出来互拍二十张。你也带一个来，第二位半价。",
        fun: "国庆出游十张照片，九张修图。做一次焕亮，省下的时间够多睡一晚。报我的码减 50 元，手机内存也谢谢你。",
        colours: [0xf6_f6_f4, 0xe4_b7_a4, 0x8c_3b_21],
    },
    DemoCampaign {
        slug: "neck-shoulder",
        name: "肩颈舒缓季",
        line: "办公族肩颈护理 60 分钟，体验价 198 元",
        from_week: 4,
        to_week: 13,
        price: (19_800, 99_800),
        coupon_off: 2_000,
        pro: "久坐低头，斜方肌紧张最常见。我们先评估活动度，再做热敷与手法放松，颈椎有病史的请先问医生。体验价 198 元。",
        life: "今天第三位客人是程序员，按完说终于能转头看窗外了。午休一小时就够，从这里约，到店找我。",
        fun: "你的肩膀：我是石头。做完护理：我是年糕。报我的码减 20 元，先到先软。",
        colours: [0xec_eb_e8, 0xcd_85_69, 0x72_2e_18],
    },
    DemoCampaign {
        slug: "double-eleven",
        name: "双十一会员卡",
        line: "年卡十二次水光护理，充值享会员价",
        from_week: 8,
        to_week: 12,
        price: (128_000, 598_000),
        coupon_off: 10_000,
        pro: "年卡十二次，一年内用完，七天内未用可退。适合需要稳定补水的干性与混合性皮肤，先测后办。报我的码再减 100 元。",
        life: "老客们问了一年的年卡终于开了，我自己也办了一张。一个月一次，刚好赶上发工资那天犒劳自己。",
        fun: "双十一别人囤纸巾，你可以囤一整年的好脸色。报我的码减 100 元，脸不会过期。",
        colours: [0xf8_ee_e9, 0xe4_b7_a4, 0xb0_12_2c],
    },
    DemoCampaign {
        slug: "winter-skin",
        name: "冬季焕肤季",
        line: "水光补水护理 60 分钟，新客体验价 298 元",
        from_week: 9,
        to_week: 13,
        price: (29_800, 298_000),
        coupon_off: 3_000,
        pro: "入冬后脸上发紧、起皮，多半是屏障缺水。水光补水护理先测皮肤，再决定做不做；敏感肌可以只做舒缓。新客体验价 298 元，报我的码再减 30 元。",
        life: "上海这两天风一吹，脸就像贴了层纸。今天给三位客人做完补水，自己也躺下做了一个，睡了半小时。想来坐坐的朋友，从这里约，到店找我。",
        fun: "我的脸，十一月：苏打饼干。做完补水：刚出锅的小笼包。同事说这个比喻不专业，专业的我放在链接里了，报我的码还能减 30 元。",
        colours: [0xec_eb_e8, 0xf3_df_d6, 0xac_56_38],
    },
    DemoCampaign {
        slug: "friend-day",
        name: "老客带新日",
        line: "每周三，带一位朋友来，两位都做皮肤检测",
        from_week: 0,
        to_week: 13,
        price: (0, 0),
        coupon_off: 0,
        pro: "每周三开放免费皮肤检测，需要提前预约。检测只给报告不推销，报告可以带走。",
        life: "周三下午店里最安静，适合带朋友来坐坐，测个皮肤喝杯茶。位子不多，从这里留个电话，我来排。",
        fun: "测一测你的皮肤今年几岁。结果不满意可以再测一次，但是年龄不会变。",
        colours: [0xf6_f6_f4, 0xc4_c1_bb, 0x85_82_7d],
    },
];

/// The channels staff post on, with how much of the traffic each brings, percent.
pub const CHANNELS: [(&str, u32); 6] = [
    ("wechat-moments", 44),
    ("wechat-group", 22),
    ("xiaohongshu", 14),
    ("douyin", 9),
    ("weibo", 6),
    ("facebook", 5),
];
