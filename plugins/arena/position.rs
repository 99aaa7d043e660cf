//! The rules of chess: legal moves, how they are written, and how a game ends.

use cozy_chess::util::{display_san_move, display_uci_move, parse_uci_move};
use cozy_chess::{Board, Color, GameStatus, Move, Piece};

use crate::game::Side;

/// A position that was reached by moves from the initial one.
pub struct Position {
    board: Board,
    /// Those before, since the last capture or move of a pawn.
    earlier: Vec<Board>,
}

/// A legal move, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// As engines write it: `e2e4`, `e7e8q`, `e1g1`.
    pub uci: String,
    /// As people write it: `e4`, `Nf3+`, `O-O`.
    pub san: String,
}

/// Why a game ends by the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The side to move has lost.
    Checkmate,
    Stalemate,
    /// Fifty moves of each side without a capture or a move of a pawn.
    FiftyMoves,
    Repetition,
    /// Neither side could checkmate.
    Material,
}

impl Position {
    /// The position after these moves, each as in [`Played::uci`]; `None`: one is not legal.
    pub fn after<'a>(moves: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut position = Self { board: Board::startpos(), earlier: Vec::new() };
        for uci in moves {
            let one = parse_uci_move(&position.board, uci).ok()?;
            if !position.board.is_legal(one) {
                return None;
            }
            position.make(one);
        }
        Some(position)
    }

    fn legal(&self) -> Vec<Move> {
        let mut all = Vec::new();
        self.board.generate_moves(|moves| {
            all.extend(moves);
            false
        });
        all
    }

    fn make(&mut self, one: Move) {
        let before = self.board.clone();
        self.board.play_unchecked(one);
        match self.board.halfmove_clock() {
            0 => self.earlier.clear(),
            _ => self.earlier.push(before),
        }
    }

    /// Plays a move as a player writes it, in either form. `None`: it is not a legal move, or could be several.
    pub fn play(&mut self, text: &str) -> Option<Played> {
        let wanted = plain(text);
        let is_it = |one: &Move| {
            wanted == display_uci_move(&self.board, *one).to_string()
                || wanted == plain(&display_san_move(&self.board, *one).to_string())
        };
        let found = self.legal().into_iter().find(is_it)?;
        let played = Played {
            uci: display_uci_move(&self.board, found).to_string(),
            san: display_san_move(&self.board, found).to_string(),
        };
        self.make(found);
        Some(played)
    }

    /// In Forsyth-Edwards notation.
    pub fn fen(&self) -> String {
        self.board.to_string()
    }

    /// Whether the game is over, and why.
    pub fn ending(&self) -> Option<Ending> {
        match self.board.status() {
            GameStatus::Won => return Some(Ending::Checkmate),
            GameStatus::Drawn if self.board.halfmove_clock() >= 100 && !self.legal().is_empty() => {
                return Some(Ending::FiftyMoves);
            }
            GameStatus::Drawn => return Some(Ending::Stalemate),
            GameStatus::Ongoing => {}
        }
        let repeated = self.earlier.iter().filter(|one| one.same_position(&self.board)).count();
        match () {
            () if repeated >= 2 => Some(Ending::Repetition),
            () if !self.could_win(Side::White) && !self.could_win(Side::Black) => Some(Ending::Material),
            () => None,
        }
    }

    /// Whether a side has more than a king, or a king and one minor piece.
    pub fn could_win(&self, of: Side) -> bool {
        let own = self.board.colors(color(of));
        let strong = [Piece::Pawn, Piece::Rook, Piece::Queen];
        strong.iter().any(|piece| !(self.board.pieces(*piece) & own).is_empty()) || own.len() > 2
    }
}

/// A move without what is written in more than one way: `e8=Q+!` and `e8Q`, `0-0` and `O-O`.
fn plain(text: &str) -> String {
    let kept = text.trim().chars().filter(|c| !matches!(c, '+' | '#' | '!' | '?' | '=' | 'x'));
    kept.map(|c| if c == '0' { 'O' } else { c }).collect()
}

fn color(side: Side) -> Color {
    match side {
        Side::White => Color::White,
        Side::Black => Color::Black,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn played(text: &str) -> (Position, Vec<String>) {
        let mut position = Position::after([]).unwrap();
        let moves = text.split_whitespace();
        let sans = moves.map(|one| position.play(one).unwrap_or_else(|| panic!("{one} is not legal")).san);
        let sans = sans.collect();
        (position, sans)
    }

    #[test]
    fn moves_are_read_in_both_forms() {
        let (position, sans) = played("e4 e7e5 Nf3 b8c6 Bb5 a6 Bxc6 dxc6 0-0 f7f6");
        assert_eq!(sans, ["e4", "e5", "Nf3", "Nc6", "Bb5", "a6", "Bxc6", "dxc6", "O-O", "f6"]);
        let again = Position::after("e2e4 e7e5 g1f3 b8c6 f1b5 a7a6 b5c6 d7c6 e1g1 f7f6".split(' ')).unwrap();
        assert_eq!(again.fen(), position.fen());
    }

    #[test]
    fn what_is_not_legal_is_not_played() {
        let mut position = Position::after([]).unwrap();
        for text in ["e5", "Ke2", "e2e5", "N", "", "O-O", "resign", "♔", "e2e4e2e4"] {
            assert_eq!(position.play(text), None, "{text}");
        }
        assert!(Position::after(["e2e4", "e2e4"]).is_none());
    }

    #[test]
    fn a_pawn_is_promoted() {
        let (mut position, _) = played("a4 b5 axb5 a6 bxa6 Bb7 a7 Bc6");
        assert_eq!(position.play("axb8=Q").unwrap(), Played { uci: "a7b8q".into(), san: "axb8=Q".into() });
    }

    #[test]
    fn endings() {
        let (mate, sans) = played("f3 e5 g4 Qh4");
        assert_eq!((mate.ending(), sans[3].as_str()), (Some(Ending::Checkmate), "Qh4#"));
        let (again, _) = played("Nf3 Nf6 Ng1 Ng8 Nf3 Nf6 Ng1 Ng8");
        assert_eq!(again.ending(), Some(Ending::Repetition));
        assert_eq!(played("Nf3 Nf6 Ng1 Ng8 Nf3 Nf6 Ng1").0.ending(), None);
        let stale = "e3 a5 Qh5 Ra6 Qxa5 h5 h4 Rah6 Qxc7 f6 Qxd7+ Kf7 Qxb7 Qd3 Qxb8 Qh7 Qxc8 Kg6 Qe6";
        assert_eq!(played(stale).0.ending(), Some(Ending::Stalemate));
        let bare = Position { board: "8/8/4k3/8/8/3NK3/8/8 w - - 0 1".parse().unwrap(), earlier: Vec::new() };
        assert_eq!(bare.ending(), Some(Ending::Material));
        let long =
            Position { board: "8/8/4k3/8/8/3RK3/8/8 w - - 100 80".parse().unwrap(), earlier: Vec::new() };
        assert_eq!(long.ending(), Some(Ending::FiftyMoves));
    }
}
