//! What group robots of WeCom, Feishu and DingTalk take, and what they answer.
//!
//! Sources: WeCom 群机器人配置说明 (text ≤ 2 048 bytes, the key is in the address), Feishu 自定义机器人 (HMAC-SHA256 with
//! `timestamp\nsecret` as the key over nothing), DingTalk 自定义机器人接入 (HMAC-SHA256 with the secret over
//! `timestamp\nsecret`, as parameters of the address).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;
use serde_json::{Value, json};
use url::Url;

use crate::tell::Format;
use crate::tell::secret::mac;

/// Longest text, bytes of UTF-8: WeCom's limit, the smallest of the three.
const TEXT_MAX: usize = 2048;

/// A request to a robot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RobotPost {
    /// Where to, with the signature where that belongs into the address.
    pub url: Url,
    /// JSON.
    pub body: String,
}

/// Writes a text for a robot, signed with its secret where it has one; `now_ms` is when it is sent (the makers refuse what is
/// more than an hour off). `None` for [`Format::Standard`], which is no robot.
pub fn robot_post(
    format: Format,
    url: &Url,
    secret: Option<&str>,
    text: &str,
    now_ms: i64,
) -> Option<RobotPost> {
    let text = shortened(text);
    let mut url = url.clone();
    let body = match format {
        Format::Standard => return None,
        Format::Wecom => json!({ "msgtype": "text", "text": { "content": text } }),
        Format::Feishu => {
            let mut body = json!({ "msg_type": "text", "content": { "text": text } });
            if let Some(secret) = secret {
                let seconds = (now_ms / 1000).to_string();
                body["sign"] = json!(feishu_sign(secret, &seconds));
                body["timestamp"] = json!(seconds);
            }
            body
        }
        Format::Dingtalk => {
            if let Some(secret) = secret {
                url.query_pairs_mut()
                    .append_pair("timestamp", &now_ms.to_string())
                    .append_pair("sign", &dingtalk_sign(secret, now_ms));
            }
            json!({ "msgtype": "text", "text": { "content": text } })
        }
    };
    Some(RobotPost {
        url,
        body: body.to_string(),
    })
}

fn feishu_sign(secret: &str, seconds: &str) -> String {
    let key = format!("{seconds}\n{secret}");
    STANDARD.encode(mac(key.as_bytes()).finalize().into_bytes())
}

fn dingtalk_sign(secret: &str, ms: i64) -> String {
    let mut mac = mac(secret.as_bytes());
    mac.update(format!("{ms}\n{secret}").as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Whether a robot took a message: they answer 200 to everything and say in the body what was wrong.
pub fn robot_refusal(body: &str) -> Option<String> {
    let Ok(answer) = serde_json::from_str::<Value>(body) else {
        return Some("the robot's answer is no JSON".to_owned());
    };
    let code = ["errcode", "code", "StatusCode"]
        .iter()
        .find_map(|name| answer.get(name)?.as_i64());
    let words = ["errmsg", "msg", "StatusMessage"]
        .iter()
        .find_map(|name| answer.get(name)?.as_str())
        .unwrap_or_default();
    match code {
        Some(0) => None,
        Some(code) => Some(format!("the robot refused it: {code} {words}")),
        None => Some("the robot's answer says nothing of success".to_owned()),
    }
}

/// At most [`TEXT_MAX`] bytes, cut between characters.
fn shortened(text: &str) -> String {
    if text.len() <= TEXT_MAX {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(TEXT_MAX - '…'.len_utf8());
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_599_360_473_000;

    fn post(format: Format, secret: Option<&str>) -> RobotPost {
        let url = "https://robot.example/send?key=k".parse().unwrap();
        robot_post(format, &url, secret, "第 46 周龙虎榜", NOW).unwrap()
    }

    /// Signatures computed with Python's hmac after the makers' own descriptions.
    #[test]
    fn each_maker_gets_its_own_format() {
        let wecom = post(Format::Wecom, None);
        assert_eq!(
            wecom.body,
            r#"{"msgtype":"text","text":{"content":"第 46 周龙虎榜"}}"#
        );
        assert_eq!(wecom.url.as_str(), "https://robot.example/send?key=k");
        let feishu: Value = serde_json::from_str(&post(Format::Feishu, Some("demo")).body).unwrap();
        assert_eq!(
            feishu,
            json!({"msg_type": "text", "content": {"text": "第 46 周龙虎榜"}, "timestamp": "1599360473",
                   "sign": "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="})
        );
        let dingtalk = post(Format::Dingtalk, Some("SECdemo"));
        assert_eq!(
            dingtalk.url.as_str(),
            "https://robot.example/send?key=k&timestamp=1599360473000&sign=tGWkA5eQOQNCNPDgphtxIoNLO%2B%2FgD8Lcb705KQoRzeY%3D"
        );
        assert_eq!(dingtalk.body, wecom.body);
        assert!(!post(Format::Feishu, None).body.contains("sign"));
        assert!(!post(Format::Dingtalk, None).url.as_str().contains("sign"));
        let url = "https://robot.example/".parse().unwrap();
        assert_eq!(robot_post(Format::Standard, &url, None, "x", NOW), None);
    }

    #[test]
    fn what_a_robot_answers_is_read() {
        assert_eq!(robot_refusal(r#"{"errcode":0,"errmsg":"ok"}"#), None);
        assert_eq!(robot_refusal(r#"{"code":0,"msg":"success","data":{}}"#), None);
        assert_eq!(
            robot_refusal(r#"{"StatusCode":0,"StatusMessage":"success"}"#),
            None
        );
        let refused = robot_refusal(r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#).unwrap();
        assert!(refused.contains("93000 invalid webhook url"), "{refused}");
        assert!(robot_refusal(r#"{"code":19021,"msg":"sign match fail"}"#).is_some());
        for odd in ["", "<html>", "{}", "[]", "null"] {
            assert!(robot_refusal(odd).is_some(), "{odd}");
        }
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = "伯乐".repeat(2000);
        let cut = shortened(&long);
        assert!(cut.len() <= TEXT_MAX && cut.len() > TEXT_MAX - 6 && cut.ends_with('…'));
    }
}
