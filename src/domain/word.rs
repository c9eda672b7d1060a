//! Closed lists of words: one spelling for the code, the database and the API.

/// A word that is not in the list it was looked for in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a {list}: use one of {}", allowed.join(", "))]
pub struct UnknownWord {
    /// What the list is of, in English.
    pub list: &'static str,
    /// Every word of the list.
    pub allowed: &'static [&'static str],
}

impl UnknownWord {
    /// The same in Vietnamese.
    pub fn vietnamese(&self) -> String {
        format!(
            "Giá trị không hợp lệ, hãy dùng một trong: {}",
            self.allowed.join(", ")
        )
    }
}

/// Declares an enum without data whose members have one `snake_case` spelling each.
macro_rules! word_enum {
    (
        $(#[$doc:meta])*
        $name:ident is $list:literal { $($(#[$member_doc:meta])* $member:ident = $word:literal,)+ }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$member_doc])* $member,)+
        }

        impl $name {
            /// Every member, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$member),+];

            /// The spelling in the database and the API.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$member => $word,)+
                }
            }

            /// Reads the spelling of the database and the API.
            pub fn parse(text: &str) -> Result<Self, $crate::domain::word::UnknownWord> {
                match text {
                    $($word => Ok(Self::$member),)+
                    _ => Err($crate::domain::word::UnknownWord {
                        list: $list,
                        allowed: &[$($word),+],
                    }),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use word_enum;

#[cfg(test)]
mod tests {
    word_enum! {
        /// A size.
        Size is "size" {
            /// Little.
            Small = "small",
            /// Big.
            VeryLarge = "very_large",
        }
    }

    #[test]
    fn a_word_reads_back_and_another_is_refused_with_the_list() {
        for size in Size::ALL {
            assert_eq!(Size::parse(size.as_str()), Ok(*size));
        }
        for text in ["", "Small", "small ", "very-large"] {
            let refusal = Size::parse(text).unwrap_err();
            assert_eq!(
                refusal.to_string(),
                "not a size: use one of small, very_large"
            );
            assert!(refusal.vietnamese().ends_with("small, very_large"));
        }
    }
}
