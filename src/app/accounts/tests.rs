//! Rules of logins and passwords.

use super::rules::*;

#[test]
fn passwords_are_long_and_not_what_everybody_tries() {
    assert_eq!(check_password("短了一点的口令", "x"), Err(PasswordError::Short));
    assert_eq!(check_password("123456789", "x"), Err(PasswordError::Short));
    assert_eq!(check_password("1234567890", "x"), Err(PasswordError::Guessable));
    assert_eq!(check_password("Password2026", "x"), Err(PasswordError::Guessable));
    assert_eq!(check_password("aaaaaaaaaaaa", "x"), Err(PasswordError::Guessable));
    assert_eq!(
        check_password("my-zhang.xw-2026", "zhang.xw"),
        Err(PasswordError::Guessable)
    );
    assert_eq!(check_password(&"ab1!".repeat(65), "x"), Err(PasswordError::Long));
    assert_eq!(check_password("correct horse battery", "zhang.xw"), Ok(()));
    assert_eq!(check_password("千里马常有而伯乐不常有", "bole"), Ok(()));
}

#[test]
fn logins_are_folded_and_have_no_spaces() {
    assert_eq!(
        check_login(" Zhang.Xw@Firm.example "),
        Ok("zhang.xw@firm.example".to_owned())
    );
    assert_eq!(check_login(""), Err(LoginError));
    assert_eq!(check_login("a b"), Err(LoginError));
    assert_eq!(check_login(&"x".repeat(101)), Err(LoginError));
}

#[test]
fn each_failure_past_the_fifth_doubles_the_wait_up_to_an_hour() {
    assert_eq!(wait_after(4), None);
    assert_eq!(wait_after(5), Some(30_000));
    assert_eq!(wait_after(6), Some(60_000));
    assert_eq!(wait_after(12), Some(3_600_000));
    assert_eq!(wait_after(i64::MAX), Some(3_600_000));
}
