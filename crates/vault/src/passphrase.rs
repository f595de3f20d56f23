//! The human's passphrase: a key made of it, and a check of it that can't be hurried.

use crate::seal::Place;
use crate::{KeyRingError, Secret, Vault, VaultError};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use zeroize::Zeroizing;

/// How many bytes of salt go with each passphrase.
pub(crate) const SALT: usize = 16;
/// How many characters a passphrase has at least.
const SHORTEST: usize = 8;
/// How many wrong ones are answered without a wait.
const FREE: u32 = 3;
/// The longest wait: nobody who may do wrong on purpose shall keep the human out for long.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const PLACE: Place<'_> = Place { tree: "passphrase", key: "consent" };

/// What is kept of the consent passphrase, sealed like every record.
#[derive(Serialize, Deserialize)]
struct Verifier {
    salt: String,
    #[serde(with = "crate::secret::sealed")]
    derived: Secret,
    wrong: u32,
    not_before: Timestamp,
}

impl Vault {
    /// Sets the passphrase by which a human consents where there is no window, in place of an earlier one.
    ///
    /// # Errors
    /// [`KeyRingError::TooShort`] below 8 characters; [`VaultError::Locked`].
    pub fn set_passphrase(&self, passphrase: &Secret) -> Result<(), VaultError> {
        long_enough(passphrase)?;
        let mut salt = [0; SALT];
        getrandom::fill(&mut salt).map_err(|_| VaultError::Randomness)?;
        let derived = derive_key(passphrase, &salt)?;
        let (salt, not_before) = (URL_SAFE_NO_PAD.encode(salt), Timestamp::from_seconds(0));
        self.write_json(PLACE, &Verifier { salt, derived, wrong: 0, not_before })
    }

    /// Whether a consent passphrase is set.
    ///
    /// # Errors
    /// [`VaultError::Locked`].
    pub fn has_passphrase(&self) -> Result<bool, VaultError> {
        Ok(self.read(PLACE)?.is_some())
    }

    /// Checks the consent passphrase. After three wrong ones each further one has to wait, up to a minute; a restart does not
    /// shorten that.
    ///
    /// # Errors
    /// [`VaultError::WrongPassphrase`], [`VaultError::TooManyAttempts`], [`VaultError::NoPassphrase`],
    /// [`VaultError::Locked`].
    pub fn verify_passphrase(&self, passphrase: &Secret, now: Timestamp) -> Result<(), VaultError> {
        let _one_at_a_time = self.changing();
        let mut verifier: Verifier = self.read_json(PLACE)?.ok_or(VaultError::NoPassphrase)?;
        // A wait longer than the longest is a clock that was set back, and holds up nobody.
        if now < verifier.not_before && verifier.not_before.since(now) <= LONGEST_WAIT {
            return Err(VaultError::TooManyAttempts { retry_after: verifier.not_before });
        }
        // Counted as wrong before it is looked at, so that ending the process does not undo the count.
        verifier.wrong = verifier.wrong.saturating_add(1);
        verifier.not_before = now.plus(wait_after(verifier.wrong));
        self.write_json(PLACE, &verifier)?;
        if derive_key(passphrase, &verifier.salt()?)? != verifier.derived {
            return Err(VaultError::WrongPassphrase);
        }
        (verifier.wrong, verifier.not_before) = (0, now);
        self.write_json(PLACE, &verifier)
    }
}

impl Verifier {
    fn salt(&self) -> Result<[u8; SALT], VaultError> {
        let salt = URL_SAFE_NO_PAD.decode(&self.salt).ok().and_then(|salt| salt.try_into().ok());
        salt.ok_or_else(|| PLACE.tampered())
    }
}

/// One second after the first wrong one too many, then doubling.
fn wait_after(wrong: u32) -> Duration {
    let Some(doublings) = wrong.checked_sub(FREE) else { return Duration::ZERO };
    Duration::from_secs(1 << doublings.min(10)).min(LONGEST_WAIT)
}

/// Argon2id, m = 64 MiB, t = 3, p = 1 (formats, §5).
#[expect(clippy::disallowed_methods, reason = "the passphrase, to derive a key from")]
pub(crate) fn derive_key(passphrase: &Secret, salt: &[u8; SALT]) -> Result<Secret, VaultError> {
    let failed = |e: argon2::Error| VaultError::Store(e.to_string());
    let params = Params::new(64 * 1024, 3, 1, Some(32)).map_err(failed)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut key = Zeroizing::new(vec![0; 32]);
    argon2.hash_password_into(passphrase.expose(), salt, &mut key).map_err(failed)?;
    Ok(key.into())
}

/// Refuses what can be guessed in an afternoon.
///
/// # Errors
/// [`KeyRingError::TooShort`] below 8 characters.
#[expect(clippy::disallowed_methods, reason = "the passphrase, to count its characters")]
pub fn long_enough(passphrase: &Secret) -> Result<(), KeyRingError> {
    let characters = passphrase.expose_text().map_or(passphrase.len(), |text| text.chars().count());
    if characters < SHORTEST { Err(KeyRingError::TooShort(SHORTEST)) } else { Ok(()) }
}
