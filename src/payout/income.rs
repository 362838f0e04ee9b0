//! What an amount is to a payroll: its income class, and whether it is before tax (GC-25, L-12).
//!
//! # Why
//! The engine computes no tax; who does must not have to guess. A document says once what its amounts are, a step says
//! where it differs, and every line and award carries it out.

use super::schema::Label;

/// What payroll books an amount under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Income {
    /// Wages and salaries, bonuses of a month or quarter included.
    Wages,
    /// A bonus paid once a year; it may be taxed apart until the end of 2027, once a year and person.
    AnnualBonus,
    /// Labour service of people who are not employed: tax is withheld.
    LabourService,
    /// Interest and dividends on real shares.
    Dividend,
    /// Shares and units given or bought below their value by employees.
    Equity,
    /// Transfer of property: units and shares bought back.
    Property,
    /// Nobody's personal income: a department's or company's money, a refund, a price, an honour.
    None,
}

const WORDS: [(&str, Income, &str, &str); 7] = [
    ("wages", Income::Wages, "工资薪金", "wages"),
    (
        "annual_bonus",
        Income::AnnualBonus,
        "全年一次性奖金",
        "once-a-year bonus",
    ),
    (
        "labour_service",
        Income::LabourService,
        "劳务报酬",
        "labour service",
    ),
    ("dividend", Income::Dividend, "利息股息红利", "dividends"),
    ("equity", Income::Equity, "股权激励", "equity incentive"),
    (
        "property",
        Income::Property,
        "财产转让所得",
        "transfer of property",
    ),
    ("none", Income::None, "不属个人所得", "no personal income"),
];

impl Income {
    /// All words, as documents write them.
    pub fn words() -> [&'static str; WORDS.len()] {
        WORDS.map(|w| w.0)
    }

    /// The class of a word.
    pub fn parse(word: &str) -> Option<Self> {
        WORDS.iter().find(|w| w.0 == word).map(|w| w.1)
    }

    /// What holds where a document says nothing: employees earn wages, customers labour-service fees, and what a
    /// department gets is nobody's yet.
    pub fn of_payee(kind: &str) -> Self {
        match kind {
            "employee" => Self::Wages,
            "customer" => Self::LabourService,
            _ => Self::None,
        }
    }

    fn row(self) -> &'static (&'static str, Self, &'static str, &'static str) {
        // Every class has its row; a test walks them.
        WORDS.iter().find(|w| w.1 == self).unwrap_or(&WORDS[0])
    }

    /// The word used in documents, in JSON and in the store.
    pub fn word(self) -> &'static str {
        self.row().0
    }

    /// What people read.
    pub fn label(self) -> Label {
        let (_, _, zh, en) = *self.row();
        Label {
            zh: zh.to_owned(),
            en: en.to_owned(),
        }
    }
}

impl std::str::FromStr for Income {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Self::parse(word).ok_or(())
    }
}

/// What the amounts of a document are to the tax office (`tax.basis` of GC-25).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TaxBasis {
    /// Before tax: the payee bears it.
    #[default]
    Pre,
    /// What the payee is to get; payroll adds the tax on top.
    NetGrossedUp,
}

impl TaxBasis {
    /// All words, as documents write them.
    pub const WORDS: [&'static str; 2] = ["pre", "net_grossed_up"];

    /// The word used in documents and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pre => Self::WORDS[0],
            Self::NetGrossedUp => Self::WORDS[1],
        }
    }

    /// What people read.
    pub fn label(self) -> Label {
        let (zh, en) = match self {
            Self::Pre => ("税前", "before tax"),
            Self::NetGrossedUp => ("税后到手，另加税", "net, tax is added on top"),
        };
        Label {
            zh: zh.to_owned(),
            en: en.to_owned(),
        }
    }
}

/// "before tax, wages"; what is nobody's income has no tax to speak of.
pub fn words(income: Income, basis: TaxBasis) -> Label {
    let class = income.label();
    if income == Income::None {
        return class;
    }
    let basis = basis.label();
    Label {
        zh: format!("{}，{}", basis.zh, class.zh),
        en: format!("{}, {}", basis.en, class.en),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_every_class_when_written_then_it_is_read_back_and_has_words_of_its_own() {
        let mut seen = std::collections::BTreeSet::new();
        for word in Income::words() {
            let class = Income::parse(word).unwrap();
            assert_eq!(class.word(), word);
            assert!(
                seen.insert(class.label().zh) && seen.insert(class.label().en),
                "{word}"
            );
        }
        assert_eq!(Income::parse("salary"), None);
    }

    #[test]
    fn given_no_word_in_the_document_when_somebody_is_paid_then_the_kind_of_payee_decides() {
        for (kind, word) in [
            ("employee", "wages"),
            ("customer", "labour_service"),
            ("department", "none"),
        ] {
            assert_eq!(Income::of_payee(kind).word(), word);
        }
    }
}
