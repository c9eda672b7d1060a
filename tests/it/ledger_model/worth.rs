//! What the payments of a code are worth, as the rules say it.

use super::movement::EXPECTED;

/// What a payment that counts is worth.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Worth {
    pub sale_vnd: i64,
    pub flags: String,
    pub status: String,
}

/// A payment that counts: what came and what went back of it, đồng.
#[derive(Clone, Copy, Debug)]
pub struct Paid {
    pub amount_vnd: i64,
    pub returned_vnd: i64,
}

impl Paid {
    fn kept_vnd(self) -> i64 {
        self.amount_vnd - self.returned_vnd
    }

    fn worth(self, sale_vnd: i64, flags: &[&str]) -> Worth {
        let mut flags = flags.to_vec();
        if sale_vnd < self.kept_vnd() {
            flags.push("cash_out_part");
        }
        flags.sort_unstable();
        let status = match (self.returned_vnd, self.kept_vnd()) {
            (0, _) => "settled",
            (_, 0) => "returned",
            _ => "partially_returned",
        };
        Worth {
            sale_vnd,
            flags: flags.join(" "),
            status: status.to_owned(),
        }
    }
}

/// The worth of each payment of a code, in the order of the bank's time. The first code is
/// printed and expects nothing, the others expect their amount once. Flags tell what came; a
/// sale is what was kept, and what went back is taken off what was beyond the sale first. A
/// payment that went back whole is as if it had never come.
pub fn worths(code: usize, paid: &[Paid]) -> Vec<Worth> {
    let Some(expected_vnd) = EXPECTED[code] else {
        let worth = |one: &Paid| one.worth(one.kept_vnd(), &[]);
        return paid.iter().map(worth).collect();
    };
    let stays = |one: &&Paid| one.kept_vnd() > 0;
    let sums: Vec<i64> = paid
        .iter()
        .filter(stays)
        .scan(0, |sum, one| {
            *sum += one.amount_vnd;
            Some(*sum)
        })
        .collect();
    let completing = sums.iter().position(|sum| *sum >= expected_vnd);
    let (mut place, mut missing_vnd) = (0, expected_vnd);
    let mut worths = Vec::new();
    for one in paid {
        if !stays(&one) {
            worths.push(one.worth(0, &[]));
            continue;
        }
        let mut flags = Vec::new();
        match completing {
            None => flags.push("underpaid"),
            Some(last) if place > last => flags.push("additional"),
            Some(last) => {
                if last > 0 {
                    flags.push("split");
                }
                if place == last && sums[last] > expected_vnd {
                    flags.push("overpaid");
                }
            }
        }
        let sale_vnd = missing_vnd.min(one.kept_vnd());
        missing_vnd -= sale_vnd;
        place += 1;
        worths.push(one.worth(sale_vnd, &flags));
    }
    worths
}
