//! Parameters alone, as a form sends them: every one that is wrong, not only the first.

use serde_json::Value as Json;

use super::doc::Document;
use super::raw::{At, Refused, from_json};
use super::schema::{ParamDecl, Setting};
use super::setting::whole_fen;

impl Document {
    /// Everything wrong with parameters by name, a JSON object: one refusal for each that cannot be used, and one for each
    /// name no parameter has. Parameters that are left out are none of it.
    pub fn params_wrong(&self, params: &Json) -> Vec<Refused> {
        let given = self.given(params);
        let broken = self.broken(&given);
        let mut wrong: Vec<Refused> = given.into_iter().flatten().filter_map(Result::err).collect();
        wrong.extend(broken);
        let names: Vec<&str> = self.params.iter().map(|p| p.id.as_str()).collect();
        for name in params.as_object().into_iter().flat_map(|o| o.keys()) {
            if !names.contains(&name.as_str()) {
                wrong.push(Refused {
                    path: format!("params.{name}"),
                    span: 0..0,
                    what: format!("`{name}`"),
                    expected: super::diag::one_of(&names),
                });
            }
        }
        wrong
    }

    /// Bounds between parameters that what is given breaks, with the defaults of those that are left out.
    fn broken(&self, given: &[Option<Result<Setting, Refused>>]) -> Vec<Refused> {
        let setting = |(p, given): (&ParamDecl, &Option<Result<Setting, Refused>>)| match given {
            Some(read) => read.as_ref().ok().cloned(),
            None => p.dated.last().map(|d| d.value.clone()),
        };
        let settings: Vec<Option<Setting>> = self.params.iter().zip(given).map(setting).collect();
        let known: Vec<bool> = settings.iter().map(Option::is_some).collect();
        let settings: Vec<Setting> = settings
            .into_iter()
            .map(|s| s.unwrap_or(Setting::List(Vec::new())))
            .collect();
        let day = self.header.from;
        let days = (day, day.tomorrow().unwrap_or(day));
        let broken = self.out_of_bounds(&settings, days, |at| known[at]).into_iter();
        broken
            .map(|(at, what, expected)| Refused {
                path: format!("params.{}", self.params[at].id),
                span: 0..0,
                what,
                expected,
            })
            .collect()
    }

    /// What is given for each parameter, in the document's order.
    pub(super) fn given(&self, params: &Json) -> Vec<Option<Result<Setting, Refused>>> {
        self.params
            .iter()
            .map(|p| {
                let value = params.get(&p.id)?;
                let one = serde_json::json!({ "params": { p.id.as_str(): value } });
                let raw = from_json(&one);
                let read = At::root(&raw).get("params", |v| {
                    v.get(&p.id, |x| {
                        let read = self.setting(x, p, &mut Vec::new())?;
                        let wrapped = x.map().ok().is_some_and(|m| m.iter().any(|e| e.key == "reason"));
                        if wrapped {
                            x.get("value", |v| whole_fen(v, p, &self.schemas))?;
                        } else {
                            whole_fen(x, p, &self.schemas)?;
                        }
                        Ok(read)
                    })
                });
                match read {
                    Ok(setting) => setting.flatten().map(Ok),
                    Err(refused) => Some(Err(refused)),
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document() -> Document {
        let text = std::fs::read_to_string("schemes/07-new-customers.toml").unwrap();
        Document::parse("07-new-customers.toml", &text).unwrap()
    }

    #[test]
    fn every_wrong_parameter_is_named_by_its_path() {
        let params = json!({
            "batch_bands": [{ "from": "0", "gives": "10%" }, { "from": "abc", "gives": "15%" }],
            "gap": "sideways", "raise_months": "-1", "store_raise": 200.5, "nothing": "1",
            "purchase_bands": [{ "from": "0", "gives": "21%" }], "card_raise": "250",
        });
        let wrong = document().params_wrong(&params);
        let paths: Vec<&str> = wrong.iter().map(|w| w.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "params.batch_bands[1].from",
                "params.purchase_bands[0].gives",
                "params.gap",
                "params.raise_months",
                "params.store_raise",
                "params.nothing",
            ]
        );
        assert_eq!(document().params_wrong(&json!({})), []);
    }

    #[test]
    fn curves_follow_the_parameters_and_wrong_ones_leave_the_default() {
        let doc = document();
        let first = |params: &Json| doc.curves_with(params).remove(0);
        assert_eq!(first(&json!({})).points, doc.curves().remove(0).points);
        let other = json!({ "batch_bands": [{ "from": "0", "gives": "50%" }] });
        assert_ne!(first(&other).points, doc.curves().remove(0).points);
        let wrong = json!({ "batch_bands": "no" });
        assert_eq!(first(&wrong).points, doc.curves().remove(0).points);
    }

    #[test]
    fn the_outline_tells_each_line_from_its_facts_on() {
        let chains = document().outline();
        let first = chains.iter().find(|c| c.component == "first_batch").unwrap();
        assert_eq!(first.what, "line");
        let facts: Vec<&str> = first.facts.iter().map(|f| f.0.as_str()).collect();
        assert_eq!(facts, ["first_batch", "refund"]);
        let does: Vec<&str> = first.steps.iter().map(|s| s.does).collect();
        assert!(does.ends_with(&["scale", "round"]), "{does:?}");
        assert!(chains.iter().any(|c| c.what == "proposal"), "a rise");
    }
}
